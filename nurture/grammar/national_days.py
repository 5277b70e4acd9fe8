"""The library of national holidays, of which only those countries are loaded that somebody asks for.

It has a module for each country, and a package that imports all of them as soon as one is wanted: 14 MB in every
process, and half a second. So the package is there, but not run, until something is asked of it itself.
"""

import sys
from functools import lru_cache
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

PACKAGE = "holidays.countries"


class _NotRunYet(ModuleType):
    """The package of all countries: its modules can be imported, and its own names too, which runs it after all."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or self.__spec__ is None or self.__spec__.loader is None:
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]  # from here on it is like any other
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def country_holidays(
    country: str, part: str = "", year: int | None = None, language: str | None = None
) -> "HolidayBase":
    """The holidays of a country or a part of it, of this year and no other.

    Args:
        country: an ISO 3166-1 code.
        part: a subdivision as the library names it; empty for all of the country.
        year: none are made where there is none.
        language: of the names; the country's own where there is none.

    Raises:
        NotImplementedError: The library does not know of the country or the part.
    """
    _keep_from_loading_all()
    from holidays import country_holidays as made

    return made(country, subdiv=part or None, years=year, expand=False, language=language)


@lru_cache(maxsize=1)
def _keep_from_loading_all() -> None:
    spec = None if PACKAGE in sys.modules else find_spec(PACKAGE)
    if spec is not None:
        package = module_from_spec(spec)
        package.__class__ = _NotRunYet
        sys.modules[PACKAGE] = package
        sys.modules[PACKAGE.partition(".")[0]].countries = package  # type: ignore[attr-defined]
