"""Blocks of a chip: one file per kind, found by being here. None of them imports another.

A stranger's kinds register the same way: a package whose entry point in the group
"xbarsim.components" names a module with @component classes.
"""

import pkgutil
from importlib import import_module
from importlib.metadata import entry_points

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
for _plugin in entry_points(group="xbarsim.components"):
    _plugin.load()
