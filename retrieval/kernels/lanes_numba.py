"""Vectors of fixed width for code compiled by numba: what `native/lanes.h` is for C++.

numba has no type for them, and its loops become vector code only where the compiler sees that they can, which
excludes sums that saturate. So a few operations are given to LLVM as they are; it lowers them to what the
machine has, as a C++ compiler does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic, models, register_model


class Vector(types.Type):
    """`lanes` numbers of one type side by side."""

    def __init__(self, element: Any, lanes: int) -> None:
        self.element, self.lanes = element, lanes
        super().__init__(name=f"{element} x {lanes}")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Vector) -> None:
        element = manager.lookup(vector.element).get_value_type()
        super().__init__(manager, vector, ir.VectorType(element, vector.lanes))


def _address(context: Any, builder: Any, kind: Any, array: Any, line: Any, lanes: int) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [builder.mul(line, line.type(lanes))])


def _checked(array: Any) -> None:
    if not isinstance(array, types.Array) or array.layout != "C":
        raise TypingError("Vectors are read from and written to contiguous arrays only.")


def reader(lanes: int) -> Any:
    """A function (array, line) that gives `lanes` numbers, the `line`-th of so many in the array."""

    @intrinsic
    def line_at(typing: Any, array: Any, line: Any) -> Any:
        _checked(array)
        vector = Vector(array.dtype, lanes)

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            address = _address(context, builder, array, args[0], args[1], lanes)
            pointer = builder.bitcast(address, context.get_value_type(vector).as_pointer())
            return builder.load(pointer, align=array.dtype.bitwidth // 8)

        return vector(array, types.uint64), code

    return line_at


@intrinsic
def put(typing: Any, array: Any, line: Any, vector: Vector) -> Any:
    """Write `vector` as the `line`-th of its width in `array`."""
    _checked(array)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, array, args[0], args[1], vector.lanes)
        pointer = builder.bitcast(address, args[2].type.as_pointer())
        builder.store(args[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(array, types.uint64, vector), code


@intrinsic
def fetch(typing: Any, array: Any, line: Any) -> Any:
    """Begin to bring row `line` of `array` (n, m) into the cache."""
    _checked(array)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        held = context.make_array(array)(context, builder, args[0])
        width = builder.extract_value(held.shape, 1)
        address = builder.gep(held.data, [builder.mul(args[1], width)])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), (byte, word, word, word)), "llvm.prefetch.p0"
        )
        # To be read, soon and often, as data.
        builder.call(prefetch, [builder.bitcast(address, byte), word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.none(array, types.uint64), code


@intrinsic
def same(typing: Any, like: Any, value: Any) -> Any:
    """A vector of the type of `like` that holds `value` in all lanes."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        one = builder.insert_element(ir.Constant(kind, ir.Undefined), args[1], ir.IntType(32)(0))
        places = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
        return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), places)

    return like(like, like.element), code


def _operation(arguments: int, emit: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """A function of vectors of one type, and of that type, that `emit` (builder, vectors) writes."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return emit(builder, args)

    if arguments == 1:

        @intrinsic
        def unary(typing: Any, a: Vector) -> Any:
            return a(a), code

        return unary
    if arguments == 2:

        @intrinsic
        def binary(typing: Any, a: Vector, b: Vector) -> Any:
            return a(a, a), code

        return binary

    @intrinsic
    def ternary(typing: Any, a: Vector, b: Vector, c: Vector) -> Any:
        return a(a, a, a), code

    return ternary


def _of_llvm(name: str) -> Callable[[Any, Any], Any]:
    def emit(builder: Any, args: Any) -> Any:
        kind = args[0].type
        element = "f32" if kind.element == ir.FloatType() else f"i{kind.element.width}"
        function = ir.FunctionType(kind, [kind] * len(args))
        full = f"llvm.{name}.v{kind.count}{element}"
        return builder.call(cgutils.get_or_insert_function(builder.module, function, full), args)

    return emit


def _chosen(order: str) -> Callable[[Any, Any], Any]:
    return lambda builder, args: builder.select(builder.fcmp_ordered(order, *args), *args)


add_saturated = _operation(2, _of_llvm("uadd.sat"))
fused = _operation(3, _of_llvm("fmuladd"))  # a b + c, rounded once where the machine can
root = _operation(1, _of_llvm("sqrt"))
least = _operation(2, _chosen("<"))
most = _operation(2, _chosen(">"))
plus = _operation(2, lambda builder, args: builder.fadd(*args))
minus = _operation(2, lambda builder, args: builder.fsub(*args))
times = _operation(2, lambda builder, args: builder.fmul(*args))


@intrinsic
def whole(typing: Any, a: Vector) -> Any:
    """Floats from 0 to 65535 as uint16, rounded down."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count = args[0].type.count
        words = builder.fptosi(args[0], ir.VectorType(ir.IntType(32), count))
        return builder.trunc(words, ir.VectorType(ir.IntType(16), count))

    return Vector(types.uint16, a.lanes)(a), code


@intrinsic
def any_below(typing: Any, a: Vector, limit: Vector) -> Any:
    """Whether any lane of `a` is below that of `limit`, both unsigned."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        below = builder.icmp_unsigned("<", *args)
        bits = builder.bitcast(below, ir.IntType(args[0].type.count))
        return builder.icmp_unsigned("!=", bits, bits.type(0))

    return types.boolean(a, a), code
