/* A few threads for one piece of work of less than a millisecond, where a thread of Python's takes too long to start.
 *
 * `team_run` calls work(context, piece) once for each piece; the calling thread takes its share, and returns when all
 * are done. A thread that the system does not run in time finds nothing left to do and delays nobody: no one waits for
 * threads, only for pieces that were begun. A thread ends after its last piece, so no pool is left over for fork().
 * Signals go to other threads: Ctrl-C must end the sleep of Python's main thread, and would not if it came here.
 */
#ifndef FASTW2V_TEAM_H
#define FASTW2V_TEAM_H

#include <stddef.h>

typedef void (*team_work)(void *context, ptrdiff_t piece);

#if defined(_WIN32) || !defined(__GNUC__)

static void team_run(team_work work, void *context, ptrdiff_t pieces, int threads) {
    (void)threads;
    for (ptrdiff_t piece = 0; piece < pieces; piece++) work(context, piece);
}

#else

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

typedef struct {
    team_work work;
    void *context;
    ptrdiff_t pieces, next, done; /* `next` and `done` by atomic steps only */
    int members;                  /* who may look at this; the last one frees it */
    pthread_mutex_t mutex;
    pthread_cond_t all_done;
} Team;

static void team_leave(Team *team) {
    if (__atomic_sub_fetch(&team->members, 1, __ATOMIC_ACQ_REL)) return;
    pthread_cond_destroy(&team->all_done);
    pthread_mutex_destroy(&team->mutex);
    free(team);
}

static void team_take_pieces(Team *team) {
    ptrdiff_t piece;
    while ((piece = __atomic_fetch_add(&team->next, 1, __ATOMIC_RELAXED)) < team->pieces) {
        team->work(team->context, piece);
        if (__atomic_add_fetch(&team->done, 1, __ATOMIC_ACQ_REL) == team->pieces) {
            pthread_mutex_lock(&team->mutex);
            pthread_cond_broadcast(&team->all_done);
            pthread_mutex_unlock(&team->mutex);
        }
    }
}

static void *team_helper(void *argument) {
    team_take_pieces((Team *)argument);
    team_leave((Team *)argument);
    return NULL;
}

static sigset_t team_signals(void) {
    static const int own[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV}; /* of the thread that caused them */
    sigset_t others;
    sigfillset(&others);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&others, own[i]);
    return others;
}

static void team_run(team_work work, void *context, ptrdiff_t pieces, int threads) {
    Team *team = threads > 1 ? (Team *)malloc(sizeof *team) : NULL;
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t blocked = team_signals(), before;
    if (!team || pthread_attr_init(&attributes)) {
        free(team);
        for (ptrdiff_t piece = 0; piece < pieces; piece++) work(context, piece);
        return;
    }
    *team = (Team){.work = work, .context = context, .pieces = pieces, .members = 1};
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->all_done, NULL);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_BLOCK, &blocked, &before); /* threads begin with the mask of this one */
    for (int i = 1; i < threads; i++) {
        __atomic_add_fetch(&team->members, 1, __ATOMIC_RELAXED);
        if (pthread_create(&thread, &attributes, team_helper, team)) { /* the system's limit: there are enough */
            __atomic_sub_fetch(&team->members, 1, __ATOMIC_RELAXED);
            break;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    team_take_pieces(team);
    pthread_mutex_lock(&team->mutex);
    while (__atomic_load_n(&team->done, __ATOMIC_ACQUIRE) < pieces) pthread_cond_wait(&team->all_done, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
    team_leave(team);
}

#endif
#endif
