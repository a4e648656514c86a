"""LLVM modules compiled for the processor they run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["MachineCode", "assemble", "host"]


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

    def function(self, name: str, arguments: Sequence[Any], result: Any) -> Callable[..., Any]:
        """A function that can be called from Python, which lets other threads run meanwhile.

        Parameters
        ----------
        name : str
        arguments, result : ctypes types
        """
        import ctypes

        return ctypes.CFUNCTYPE(result, *arguments)(self.address(name))


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


def assemble(module: Any, level: int = 2) -> MachineCode:
    """Optimise and compile a module.

    Parameters
    ----------
    module : llvmlite.ir.Module
        Made for this host: its triple and data layout are set here.
    level : int
        Of optimisation, 0 to 3. Large modules take less time at 1.
    """
    from llvmlite import binding

    here = host()
    module.triple, module.data_layout = here.triple, here.layout
    parsed = binding.parse_assembly(str(module))
    # A machine of its own for each module: the engine takes it over.
    machine = binding.Target.from_triple(here.triple).create_target_machine(
        cpu=here.name, features=here.features, opt=level
    )
    options = binding.create_pipeline_tuning_options(speed_level=level)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(parsed, builder)
    engine = binding.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return MachineCode(engine)
