"""LLVM modules compiled for the processor they run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from checker.native import code_cache
from checker.native.code_cache import MappedCode
from checker.native.object_file import NotFlat, flatten

__all__ = ["MachineCode", "assemble", "function_at", "host"]


@dataclass(frozen=True, slots=True)
class MachineCode:
    """A compiled module; the code lives as long as this object.

    Parameters
    ----------
    engine : object
        llvmlite's owner of the memory.
    """

    engine: Any

    def address(self, name: str) -> int:
        """Where a function begins.

        Raises
        ------
        KeyError
            If the module has no function of this name.
        """
        address = int(self.engine.get_function_address(name))
        if not address:
            raise KeyError(name)
        return address


@dataclass(frozen=True, slots=True)
class Host:
    """This processor: what LLVM calls it, and how it lays out data."""

    triple: str
    layout: str
    name: str
    features: str


@cache
def host() -> Host:
    """The processor that runs this."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    name = binding.get_host_cpu_name()
    features = binding.get_host_cpu_features().flatten()
    machine = binding.Target.from_default_triple().create_target_machine(cpu=name, features=features)
    return Host(binding.get_process_triple(), str(machine.target_data), name, features)


def assemble(module: Any, level: int = 2, key: str = "") -> MachineCode | MappedCode:
    """Optimise and compile a module, or find it compiled already.

    Parameters
    ----------
    module : llvmlite.ir.Module
        Made for this host: its triple and data layout are set here.
    level : int
        Of optimisation, 0 to 3. Large modules take less time at 1.
    key : str
        Under which it is kept, if that is known from something shorter than its text.
    """
    text = str(module)
    key = key or code_cache.key_of(text, str(level))
    return code_cache.load(key) or _compiled(text, level, key)


def _compiled(text: str, level: int, key: str) -> MachineCode | MappedCode:
    from llvmlite import binding

    here = host()
    parsed = binding.parse_assembly(text)
    parsed.triple, parsed.data_layout = here.triple, here.layout
    if code_cache.folder() is not None:
        machine = _machine(level, reloc="pic", codemodel="small")
        _optimise(parsed, machine, level)
        with suppress(NotFlat):  # then it is compiled again next time
            code_cache.store(key, flatten(machine.emit_object(parsed)))
        found = code_cache.load(key)
        if found is not None:
            return found
        parsed = binding.parse_assembly(text)
        parsed.triple, parsed.data_layout = here.triple, here.layout
    # A machine of its own for each module: the engine takes it over.
    machine = _machine(level)
    _optimise(parsed, machine, level)
    engine = binding.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return MachineCode(engine)


def _machine(level: int, **options: str) -> Any:
    from llvmlite import binding

    here = host()
    target = binding.Target.from_triple(here.triple)
    return target.create_target_machine(cpu=here.name, features=here.features, opt=level, **options)


def _optimise(parsed: Any, machine: Any, level: int) -> None:
    from llvmlite import binding

    options = binding.create_pipeline_tuning_options(speed_level=level)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(parsed, builder)


def function_at(address: int, arguments: Sequence[Any], result: Any) -> Callable[..., Any]:
    """A function that can be called from Python, which lets other threads run meanwhile.

    Parameters
    ----------
    address : int
    arguments, result : ctypes types
    """
    import ctypes

    return ctypes.CFUNCTYPE(result, *arguments)(address)
