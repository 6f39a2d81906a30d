"""The hooks that pip calls (PEP 517): setuptools' own, after a look at what the machine has.

pip downloads what a package depends on, and copies its files, before it builds. So what is missing is said
here, where it asks what to build with.
"""

import needs

needs.check_tools()

from typing import Any  # noqa: E402

from setuptools import build_meta  # noqa: E402
from setuptools.build_meta import (  # noqa: E402, F401
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    needs.check_folders()
    needs.check_compiler()
    return build_meta.get_requires_for_build_wheel(config_settings)


get_requires_for_build_editable = get_requires_for_build_wheel
