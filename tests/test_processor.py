"""What the processor has is found without a compiler's help, told as it is, and chosen from."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from children import PYTHON, environment

import fastw2v
from fastw2v.tile import dispatch

CPUINFO = Path("/proc/cpuinfo")
NEEDS = {  # in the words of Linux and macOS
    "avx2": {"avx2", "fma"},
    "avx512": {"avx2", "fma", "avx512f", "avx512vl", "avx512dq", "avx512bw"},
    "avx512vnni": {"avx2", "fma", "avx512f", "avx512vl", "avx512dq", "avx512bw", "avx512_vnni"},
    "dotprod": {"asimddp"},
}
# leaf 1 ECX, leaf 7 EBX, leaf 7 ECX and XCR0, as processors answered
CONROE = (10, 0x80000201, 0, 0, 0)
SANDY_BRIDGE = (13, 0x9E982203, 0, 0, 0x7)
HASWELL = (13, 0xFED83203, 0x000003A9, 0, 0x7)
SAPPHIRE_RAPIDS = (32, 0xFFFA3203, 0xF1BF27EB, 0x1B415FDE, 0x602E7)
VNNI, FMA, OSXSAVE, AVX, AVX2 = 1 << 11, 1 << 12, 1 << 27, 1 << 28, 1 << 5
F, DQ, CD, PF, BW, VL = 1 << 16, 1 << 17, 1 << 28, 1 << 26, 1 << 30, 1 << 31

ALL = ["avx2", "avx512", "avx512vnni"]
OLD: list[str] = []


def flags_of_the_system() -> set[str]:
    if sys.platform == "linux" and CPUINFO.exists():
        found = re.search(r"^(?:flags|Features)\s*:(.*)$", CPUINFO.read_text(), re.MULTILINE)
        return set(found[1].split()) if found else set()
    if sys.platform == "darwin":
        answer = subprocess.run(["sysctl", "hw.optional"], capture_output=True, text=True).stdout
        on = {name.lower() for name in re.findall(r"^hw\.optional\.(\S+): 1$", answer, re.MULTILINE)}
        names = {"avx2_0": "avx2", "avx512vnni": "avx512_vnni", "arm.feat_dotprod": "asimddp"}
        return {names.get(name, name) for name in on}
    return set()


def test_the_processor_has_what_the_system_says() -> None:
    flags = flags_of_the_system()
    if not flags:
        pytest.skip("the system does not say what its processor has")
    assert set(dispatch.processor_has()) == {name for name, needs in NEEDS.items() if needs <= flags}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(CONROE, OLD, id="no AVX"),
        pytest.param(SANDY_BRIDGE, OLD, id="AVX alone"),
        pytest.param(HASWELL, ["avx2"], id="AVX2"),
        pytest.param(SAPPHIRE_RAPIDS, ALL, id="AVX-512 with VNNI"),
        pytest.param((32, 0xFFFA3203, 0xF1BF27EB, 0x1B415FDE & ~VNNI, 0xE7), ALL[:2], id="no VNNI"),
        pytest.param((32, 0xFFFA3203, 0xF1BF27EB, 0x1B415FDE, 0x07), ["avx2"], id="system keeps no ZMM"),
        pytest.param((32, 0xFFFA3203, 0xF1BF27EB, 0x1B415FDE, 0xC7), ["avx2"], id="system keeps no masks"),
        pytest.param((32, 0xFFFA3203, 0xF1BF27EB, 0x1B415FDE, 0x03), OLD, id="system keeps no YMM"),
        pytest.param((32, 0xFFFA3203, 0xF1BF27EB, 0x1B415FDE, 0x00), OLD, id="system keeps nothing"),
        pytest.param((32, 0xFFFA3203 & ~OSXSAVE, 0xF1BF27EB, 0x1B415FDE, 0xE7), OLD, id="no OSXSAVE"),
        pytest.param((32, 0xFFFA3203 & ~AVX, 0xF1BF27EB, 0x1B415FDE, 0xE7), OLD, id="AVX hidden"),
        pytest.param((32, 0xFFFA3203 & ~FMA, 0xF1BF27EB, 0x1B415FDE, 0xE7), OLD, id="FMA hidden"),
        pytest.param((32, 0xFFFA3203, 0xF1BF27EB & ~AVX2, 0x1B415FDE, 0xE7), OLD, id="AVX2 hidden"),
        pytest.param((6, *SAPPHIRE_RAPIDS[1:]), OLD, id="leaf 7 hidden"),
        pytest.param((13, 0xFED83203, AVX2 | F | CD | PF, 0, 0xE7), ["avx2"], id="Xeon Phi"),
        *(
            pytest.param((32, 0xFFFA3203, 0xF1BF27EB & ~bit, 0x1B415FDE, 0xE7), ["avx2"], id=f"no {name}")
            for name, bit in (("F", F), ("DQ", DQ), ("BW", BW), ("VL", VL))
        ),
    ],
)
def test_what_a_processor_says_is_understood(words: tuple[int, ...], expected: list[str]) -> None:
    assert dispatch.processor_has(words) == expected


def test_what_can_be_selected_is_in_the_build_and_in_the_processor() -> None:
    available, compiled = dispatch.available_isas(), dispatch.compiled_isas()
    assert [name for name in dispatch.ISAS if name in compiled] == compiled
    assert [name for name in compiled if name in available] == available
    assert {"generic", "blas"} <= set(available)
    for name in set(compiled) & {"avx2", "avx512", "avx512vnni"}:
        assert (name in available) == (name in dispatch.processor_has())
    assert dispatch.selected_isa() in available


def run_python_on(isa: str, code: str) -> subprocess.CompletedProcess[str]:
    command = [*PYTHON, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=environment(FASTW2V_ISA=isa))


@pytest.mark.parametrize("isa", ["", *dispatch.available_isas()])
def test_show_config_tells_what_is_in_use_and_why(isa: str) -> None:
    run = run_python_on(isa, "import fastw2v; fastw2v.show_config()")
    lines = run.stdout.splitlines()
    used = isa or dispatch.available_isas()[0]
    assert lines[1].startswith("processor: "), run.stderr
    assert all(name in lines[1] for name in dispatch.processor_has())
    assert lines[2].endswith(f"instruction sets: {', '.join(dispatch.compiled_isas())}")
    assert lines[3].startswith(f"in use: {used} (")
    assert (f"FASTW2V_ISA={isa})" if isa else "the best of both") in lines[3]


def test_show_config_does_not_name_a_variable_that_was_not_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dispatch.selected_isa()
    other = dispatch.available_isas()[1]
    monkeypatch.delenv("FASTW2V_ISA", raising=False)
    dispatch.select_isa(other)
    try:
        fastw2v.show_config()
    finally:
        dispatch.select_isa(before)
    assert f"in use: {other} (selected by the program)" in capsys.readouterr().out


def test_what_cannot_be_selected_says_what_lacks_it() -> None:
    run = run_python_on("avx1024", "import fastw2v")
    assert "FASTW2V_ISA='avx1024': choose one of " in run.stderr
    missing = [name for name in dispatch.ISAS if name not in dispatch.available_isas()]
    for name in missing:
        run = run_python_on(name, "import fastw2v")
        lacks = "this processor" if name in dispatch.compiled_isas() else f"compiled by {dispatch.COMPILER}"
        assert lacks in run.stderr
