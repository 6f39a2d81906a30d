"""What is installed is whole: all modules import, the GIL stays off, the kernels are not the slow ones."""

import importlib
import pkgutil
import sys
import sysconfig
import warnings

import fastw2v
from fastw2v.tile.dispatch import available_isas

warnings.simplefilter("error")
fastw2v.show_config()
for module in pkgutil.walk_packages(fastw2v.__path__, "fastw2v."):
    if module.name not in ("fastw2v.__main__", "fastw2v.sklearn"):  # scikit-learn is no dependency
        importlib.import_module(module.name)
if sysconfig.get_config_var("Py_GIL_DISABLED") and sys._is_gil_enabled():
    sys.exit("the GIL is on: one of the extension modules is not declared to do without")
# A build without vector types is correct and slow, so no test would fail. Runners have AVX2, or are Arm's.
if "--vectors" in sys.argv and not {"avx2", "neon"} & {*available_isas()}:
    sys.exit(f"compiled without vector types: {', '.join(available_isas())}")
print(f"all of fastw2v {fastw2v.__version__} in {fastw2v.__path__[0]}")
