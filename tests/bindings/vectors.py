
# Vectors from what people have: `|v: vec[f64], b: vec[i8], f: vec[bool], n: vec[vec[i64]], s: vec[{i8,f64}], k: f64|`.
import array
import gc

import vectors as w

# A buffer is shared and stays alive.
values = array.array("d", [1.0, 2.0])
v = w.new_vec(w.VecF64, values)
values[1] = 5.0
argument = w.InputType(
    v=v,
    b=w.new_vec(w.VecI8, b"ab"),
    f=w.new_vec(w.VecBool, [True, False]),
    n=w.new_vec(w.VecVecI64, (w.new_vec(w.VecI64, range(3)) for _ in range(2))),
    s=w.new_vec(w.VecStruct0, [(1, 2.5), (3, 4.5)]),
    k=0.5,
)
del values, v
gc.collect()
garbage = [bytearray(64) for _ in range(1000)]
assert argument.v.data[: argument.v.len] == [1.0, 5.0]
assert argument.b.data[: argument.b.len] == [97, 98]
assert argument.f.data[: argument.f.len] == [True, False]
assert [inner.data[: inner.len] for inner in argument.n.data[: argument.n.len]] == [[0, 1, 2], [0, 1, 2]]
assert [(s._0, s._1) for s in argument.s.data[: argument.s.len]] == [(1, 2.5), (3, 4.5)]
assert argument.k == 0.5

# Nothing to share.
assert w.new_vec(w.VecF64, []).len == 0
assert w.new_vec(w.VecF64, array.array("d")).len == 0

# Other elements, other places, other shapes: refused, not reinterpreted.
wrong = [
    array.array("q", [1]),
    array.array("f", [1.0]),
    memoryview(array.array("d", [1.0, 2.0, 3.0]))[::2],
    memoryview(bytes(32)).cast("d", (2, 2)),
]
for buffer in wrong:
    try:
        w.new_vec(w.VecF64, buffer)
    except TypeError:
        continue
    raise AssertionError(buffer)

try:
    import numpy
except ImportError:
    pass
else:
    numbers = numpy.arange(3.0)
    shared = w.new_vec(w.VecF64, numbers)
    numbers[0] = 7.0
    assert shared.data[0] == 7.0
