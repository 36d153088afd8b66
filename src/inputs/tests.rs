#![forbid(unsafe_code)]
use super::{InputErrorKind, describe, generate, load, npy};
use crate::ir::{Scalar, Ty};
use crate::value::Value;
use crate::value::literal::{parse_value, tests::typed_value};
use crate::value::print::to_text;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, prop_assert_eq, proptest};
use tempfile::TempDir;

const F64: Ty = Ty::Scalar(Scalar::F64);
const I32: Ty = Ty::Scalar(Scalar::I32);

/// A folder with one file.
struct Folder(TempDir, &'static str);

impl Folder {
    fn new(name: &'static str, bytes: impl AsRef<[u8]>) -> Folder {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        Folder(folder, name)
    }

    fn spec(&self, column: &str) -> String {
        format!("@{}{column}", self.0.path().join(self.1).display())
    }

    /// The printed value, or kind, message and hint of the error with the folder cut out.
    fn read(&self, column: &str, ty: &Ty) -> String {
        match load(&self.spec(column), ty) {
            Ok(value) => {
                assert!(value.fits(ty));
                to_text(&value, ty)
            }
            Err(error) => {
                let hint = error.hint.map_or_else(String::new, |hint| format!(" [{hint}]"));
                let text = format!("{:?}: {}{hint}", error.kind, error.message);
                text.replace(&format!("{}/", self.0.path().display()), "")
            }
        }
    }
}

fn csv(text: &str, column: &str, ty: &Ty) -> String {
    Folder::new("a.csv", text).read(column, ty)
}

#[test]
fn literals_and_missing_files() {
    assert!(
        load("[1L, 2L]", &Ty::vec(Ty::I64))
            .unwrap()
            .same(&parse_value("[1L,2L]", &Ty::vec(Ty::I64)).unwrap())
    );
    let kind = |spec: &str| load(spec, &Ty::vec(Ty::I64)).unwrap_err();
    assert_eq!(kind("[1").kind, InputErrorKind::Literal);
    assert_eq!(kind("@/no/such.csv:x").message, "there is no file `/no/such.csv`");
    let folder = Folder::new("d.csv", "");
    std::fs::create_dir(folder.0.path().join("sub.csv")).unwrap();
    let spec = format!("@{}", folder.0.path().join("sub.csv").display());
    assert!(kind(&spec).message.ends_with("sub.csv` is a directory"));
    let odd = Folder::new("a.xls", "");
    assert_eq!(
        odd.read("", &I32),
        "Unsupported: `a.xls` is of no kind that can be read [the kinds are .csv, .npy, .json, .jsonl, .bin]"
    );
    let array = Folder::new("a.json", "[]");
    assert!(array.read(":x", &Ty::vec(I32)).starts_with("Unsupported: `a.json` has no columns"));
}

#[test]
fn csv_columns() {
    let text = "id,price,name\n1,2.5,ann\n2,-3e2,\"b,\"\"o\"\n";
    assert_eq!(csv(text, ":price", &Ty::vec(F64)), "[2.5, -300.0]");
    assert_eq!(csv(text, ":2", &Ty::vec(F64)), "[2.5, -300.0]");
    assert_eq!(csv(text, ":name", &Ty::vec(Ty::vec(Ty::I8))), "[[97c, 110c, 110c], [98c, 44c, 34c, 111c]]");
    let rows = Ty::vec(Ty::tuple(vec![Scalar::U8.into(), Scalar::F32.into(), Ty::vec(Ty::I8)]));
    assert_eq!(
        csv(text, "", &rows),
        "[{u8(1), 2.5F, [97c, 110c, 110c]}, {u8(2), -300.0F, [98c, 44c, 34c, 111c]}]"
    );
    assert_eq!(csv("1\n2\n", "", &Ty::vec(I32)), "[1, 2]");
    assert_eq!(csv("\u{feff}x\r\n1\r\n2", ":x", &Ty::vec(I32)), "[1, 2]");
    assert_eq!(csv("", "", &Ty::vec(I32)), "[]:vec[i32]");
    assert_eq!(csv("x\n", ":x", &Ty::vec(I32)), "[]:vec[i32]");
    assert_eq!(csv("b\nTrue\n0\n", "", &Ty::vec(Ty::BOOL)), "[true, false]");
    assert_eq!(csv("nan\ninf\n", "", &Ty::vec(F64)), "[0.0/0.0, 1.0/0.0]");
}

#[test]
fn csv_errors_name_the_place() {
    let text = "id,price\n1,2.5\n2,x7\n";
    let cases = [
        (text, ":price", Ty::vec(F64), "Corrupt: a.csv:3: column `price`: `x7` is no f64"),
        (
            text,
            ":cost",
            Ty::vec(F64),
            "TypeMismatch: `a.csv` has no column `cost` [the columns are `id`, `price`]",
        ),
        (text, ":prise", Ty::vec(F64), "TypeMismatch: `a.csv` has no column `prise` [did you mean `price`?]"),
        (text, ":3", Ty::vec(F64), "TypeMismatch: `a.csv` has no column `3` [the columns are `id`, `price`]"),
        (
            text,
            "",
            I32,
            "TypeMismatch: `a.csv` holds rows, but the program wants i32 [a .csv file is read as a vec[T] or a vec[{T,U}], where each part is a scalar or a vec[i8]]",
        ),
        (
            text,
            "",
            Ty::vec(Ty::tuple(vec![I32])),
            "TypeMismatch: `a.csv` has 2 columns, but vec[{i32}] has 1 field [the columns are `id`, `price`]",
        ),
        (
            "1,2\n3\n",
            "",
            Ty::vec(Ty::tuple(vec![I32, I32])),
            "Corrupt: a.csv:2: 1 field in this row, but 2 fields in the first one",
        ),
        (
            "1,2\n3,4,5\n",
            ":1",
            Ty::vec(I32),
            "Corrupt: a.csv:2: 3 fields in this row, but 2 fields in the first one",
        ),
        ("1\n300\n", "", Ty::vec(Scalar::U8.into()), "Corrupt: a.csv:2: column 1: `300` is no u8"),
        ("1.5\n", "", Ty::vec(I32), "Corrupt: a.csv:1: column 1: `1.5` is no i32"),
        ("7x\n1\n", "", Ty::vec(I32), "Corrupt: a.csv:1: column 1: `7x` is no i32"),
        ("a,b\n1,\n", ":b", Ty::vec(I32), "Corrupt: a.csv:2: column `b` is empty, but should be of type i32"),
        ("", ":b", Ty::vec(I32), "Corrupt: `a.csv` is empty: it has no column `b`"),
        ("a\n\"x\ny\n", ":a", Ty::vec(Ty::vec(Ty::I8)), "Corrupt: `a.csv` ends inside a quoted field"),
    ];
    for (text, column, ty, message) in cases {
        assert_eq!(csv(text, column, &ty), message);
    }
    let folder = Folder::new("a.csv", "x,y\n1,2\n");
    let several = folder.read("", &Ty::vec(I32));
    assert!(
        several.starts_with("TypeMismatch: `a.csv` has 2 columns, but the program wants vec[i32] [write `@"),
        "{several}"
    );
}

/// Bytes of a .npy file.
fn array(major: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([major, 0]);
    match major {
        1 => bytes.extend((header.len() as u16).to_le_bytes()),
        _ => bytes.extend((header.len() as u32).to_le_bytes()),
    }
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}          \n")
}

fn npy(bytes: impl AsRef<[u8]>, ty: &Ty) -> String {
    Folder::new("a.npy", bytes).read("", ty)
}

#[test]
fn npy_arrays() {
    let floats: Vec<u8> = [1.5f64, -0.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    for version in 1..=3 {
        assert_eq!(npy(array(version, &header("<f8", "(2,)"), &floats), &Ty::vec(F64)), "[1.5, -0.0]");
    }
    assert_eq!(npy(array(1, &header("|b1", "(3,)"), &[0, 1, 7]), &Ty::vec(Ty::BOOL)), "[false, true, true]");
    assert_eq!(npy(array(1, &header("|u1", "(0,)"), &[]), &Ty::vec(Scalar::U8.into())), "[]:vec[u8]");
    assert_eq!(npy(array(1, &header("<i2", "()"), &[1, 1]), &Scalar::I16.into()), "257si");
    let matrix = Ty::vec(Ty::vec(Ty::I8));
    assert_eq!(
        npy(array(1, &header("|i1", "(2, 3)"), &[1, 2, 3, 4, 5, 255]), &matrix),
        "[[1c, 2c, 3c], [4c, 5c, -1c]]"
    );
    assert_eq!(npy(array(1, &header("|i1", "(0, 3)"), &[]), &matrix), "[]:vec[vec[i8]]");
    assert_eq!(npy(array(1, &header("|i1", "(2, 0)"), &[]), &matrix), "[[]:vec[i8], []:vec[i8]]");
}

#[test]
fn npy_mismatches_say_the_fix() {
    let cases = [
        (
            "<f4",
            "(1,)",
            Ty::vec(F64),
            "TypeMismatch: `a.npy` holds a vec[f32], but the program wants vec[f64] [in NumPy: `a.astype('f8')`; or declare the parameter as vec[f32]]",
        ),
        (
            ">i4",
            "(1,)",
            Ty::vec(I32),
            "TypeMismatch: `a.npy` holds big-endian numbers [in NumPy: `a.astype('<i4')`]",
        ),
        (
            "<i4",
            "(1, 1)",
            Ty::vec(I32),
            "TypeMismatch: `a.npy` holds a vec[vec[i32]], but the program wants vec[i32] [declare the parameter as vec[vec[i32]]]",
        ),
        (
            "<i4",
            "(1, 1, 1)",
            Ty::vec(I32),
            "TypeMismatch: `a.npy` has 3 dimensions [in NumPy: `a.reshape(-1)` makes it a vector]",
        ),
        (
            "<U4",
            "(1,)",
            Ty::vec(I32),
            "TypeMismatch: `a.npy` holds elements of type `<U4`, which Weld has no type for [in NumPy: convert with `a.astype('f8')` or a similar type]",
        ),
    ];
    for (descr, shape, ty, message) in cases {
        assert_eq!(npy(array(1, &header(descr, shape), &[0; 4]), &ty), message);
    }
    let fortran = "{'descr': '<i4', 'fortran_order': True, 'shape': (1, 1), }";
    assert!(npy(array(1, fortran, &[0; 4]), &Ty::vec(Ty::vec(I32))).contains("np.ascontiguousarray"));
}

#[test]
fn lying_and_cut_npy_files_are_refused() {
    for shape in [
        "(4,)",
        "(2,)",
        "(1152921504606846976,)",
        "(4294967296, 4294967296, 4294967296)",
        "(18446744073709551615,)",
    ] {
        let text = npy(array(1, &header("<i4", shape), &[0; 12]), &Ty::vec(I32));
        assert!(text.starts_with("Corrupt: ") || text.starts_with("TypeMismatch: "), "{shape}: {text}");
    }
    assert!(
        npy(array(1, &header("<i4", "(99999999999999, 0)"), &[]), &Ty::vec(Ty::vec(I32)))
            .starts_with("Corrupt: ")
    );
    assert_eq!(
        npy(array(1, &header("<i4", "(4,)"), &[0; 12]), &Ty::vec(I32)),
        "Corrupt: `a.npy`: the header promises 16 bytes of data, but 12 bytes follow it"
    );
    let whole = array(1, &header("<i4", "(3,)"), &[1; 12]);
    for cut in 0..whole.len() {
        let text = npy(whole.get(..cut).unwrap(), &Ty::vec(I32));
        assert!(text.starts_with("Corrupt: "), "{cut}: {text}");
    }
}

#[test]
fn json_values() {
    let read = |text: &str, ty: &Ty| Folder::new("a.json", text).read("", ty);
    assert_eq!(read("[1, -2]", &Ty::vec(Ty::I64)), "[1L, -2L]");
    assert_eq!(read("[1, 2.5e0]", &Ty::vec(F64)), "[1.0, 2.5]");
    assert_eq!(read("[\"é\", \"\"]", &Ty::vec(Ty::vec(Ty::I8))), "[[-61c, -87c], []:vec[i8]]");
    assert_eq!(read("[18446744073709551615]", &Ty::vec(Scalar::U64.into())), "[u64(-1L)]");
    let pairs = Ty::vec(Ty::tuple(vec![I32, Ty::BOOL]));
    assert_eq!(
        read("[{\"z\": 1, \"a\": true}, {\"a\": false, \"z\": 2}, [3, true]]", &pairs),
        "[{1, true}, {2, false}, {3, true}]"
    );
    assert_eq!(
        read("[{\"z\": 1, \"a\": true}, {\"z\": 2}]", &pairs),
        "TypeMismatch: a.json: at [1] the key `a` is missing"
    );
    assert_eq!(
        read("[{\"z\": 1}]", &pairs),
        "TypeMismatch: a.json: at [0] an object of 1 (`z`) for a struct of 2"
    );
    assert_eq!(read("[{\"z\": 1, \"a\": 7}]", &pairs), "TypeMismatch: a.json: at [0].a `7` is no bool");
    assert_eq!(read("[300]", &Ty::vec(Ty::I8)), "TypeMismatch: a.json: at [0] `300` is no i8");
    assert_eq!(read("1.0", &Ty::I64), "TypeMismatch: a.json: `1.0` is no i64");
    assert_eq!(read("[null]", &Ty::vec(F64)), "TypeMismatch: a.json: at [0] `null` is no f64");
    assert_eq!(read("[1,", &Ty::vec(F64)), "Corrupt: `a.json`: EOF while parsing a value at line 1 column 3");
    assert!(read(&"[".repeat(100_000), &Ty::vec(F64)).starts_with("Corrupt: "));
}

#[test]
fn json_lines() {
    let read = |text: &str, ty: &Ty| Folder::new("a.jsonl", text).read("", ty);
    assert_eq!(read("1\n\n2", &Ty::vec(I32)), "[1, 2]");
    assert_eq!(
        read("{\"a\":1,\"b\":2}\r\n{\"b\":3,\"a\":4}\n", &Ty::vec(Ty::tuple(vec![I32, I32]))),
        "[{1, 2}, {4, 3}]"
    );
    assert_eq!(read("1\n2 3\n", &Ty::vec(I32)), "Corrupt: a.jsonl:2: trailing characters at column 3");
    assert_eq!(read("1\n\"x\"\n", &Ty::vec(I32)), "TypeMismatch: a.jsonl:2: `\"x\"` is no i32");
    assert!(read("1", &I32).starts_with("TypeMismatch: "));
}

#[test]
fn binary_files() {
    let read = |bytes: &[u8], ty: &Ty| Folder::new("a.bin", bytes).read("", ty);
    assert_eq!(read(&[1, 0, 0, 0, 255, 255, 255, 255], &Ty::vec(I32)), "[1, -1]");
    assert_eq!(read(&[], &Ty::vec(I32)), "[]:vec[i32]");
    assert_eq!(
        read(&[1, 2, 3], &Ty::vec(I32)),
        "Corrupt: `a.bin` has 3 bytes, which is no multiple of 4, the size of i32"
    );
    assert!(read(&[1, 2, 3], &Ty::vec(Ty::vec(I32))).starts_with("TypeMismatch: "));
}

#[test]
fn generated_data_stay_in_range() {
    let ty = Ty::vec(Ty::I64);
    let a = generate(&ty, 10_000, 1, None).unwrap();
    assert!(a.same(&generate(&ty, 10_000, 1, None).unwrap()));
    assert!(!a.same(&generate(&ty, 10_000, 2, None).unwrap()));
    assert_eq!(describe(&a, &ty), "10,000 elements  78.1 KiB  min -9,997  max 9,999");
    let die = generate(&Ty::vec(Scalar::U8.into()), 1000, 3, Some((0.5, 6.9))).unwrap();
    assert_eq!(describe(&die, &Ty::vec(Scalar::U8.into())), "1,000 elements  1000 B  min 1  max 6");
    for scalar in Scalar::ALL {
        for range in
            [None, Some((f64::MIN, f64::MAX)), Some((3.0, 3.0)), Some((f64::NEG_INFINITY, f64::INFINITY))]
        {
            let ty = Ty::tuple(vec![scalar.into(), Ty::vec(scalar.into())]);
            assert!(generate(&ty, 5, 9, range).unwrap().fits(&ty));
        }
    }
    assert!(generate(&ty, usize::MAX, 1, None).is_err());
    assert!(generate(&ty, 1, 1, Some((2.0, 1.0))).is_err());
    assert!(generate(&Ty::Simd(Scalar::I8), 1, 1, None).is_err());
}

#[test]
fn descriptions() {
    let show = |text: &str, ty: Ty| describe(&parse_value(text, &ty).unwrap(), &ty);
    assert_eq!(show("[1.5, 0.0/0.0, -2.0]", Ty::vec(F64)), "3 elements  24 B  min -2.0  max 1.5  1 NaN");
    assert_eq!(show("[]", Ty::vec(F64)), "0 elements  0 B");
    assert_eq!(show("[true]", Ty::vec(Ty::BOOL)), "1 element  1 B  1 true");
    assert_eq!(show("[[1L], []]", Ty::vec(Ty::vec(Ty::I64))), "2 elements  40 B");
    assert_eq!(show("{1, 2.0}", Ty::tuple(vec![I32, F64])), "{1, 2.0}");
}

/// A value as JSON text.
fn to_json(value: &Value) -> Option<String> {
    use crate::ir::Literal;
    Some(match value {
        Value::Scalar(Literal::Bool(x)) => x.to_string(),
        Value::Scalar(Literal::F32(x)) if x.is_finite() => format!("{x:?}"),
        Value::Scalar(Literal::F64(x)) if x.is_finite() => format!("{x:?}"),
        Value::Scalar(Literal::U64(x)) => x.to_string(),
        Value::Scalar(literal) => literal.as_i64()?.to_string(),
        Value::Scalars(buffer) => list(buffer.iter().map(Value::Scalar).collect())?,
        Value::Vector(items) => list(items.to_vec())?,
        Value::Struct(items) => list(items.clone())?,
        Value::Dict(dict) => list(dict.entries().to_vec())?,
        Value::Lanes(_) | Value::Builder(..) => return None,
    })
}

fn list(items: Vec<Value>) -> Option<String> {
    let items: Option<Vec<String>> = items.iter().map(to_json).collect();
    Some(format!("[{}]", items?.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn json_reads_what_was_written((ty, value) in typed_value()) {
        if let Some(text) = to_json(&value) {
            prop_assert_eq!(Folder::new("a.json", text).read("", &ty), to_text(&value, &ty));
        }
    }

    #[test]
    fn csv_reads_what_was_written(rows in prop::collection::vec((any::<i64>(), "[a-z\",\n\r x]{0,6}", any::<f32>()), 0..8)) {
        let mut file = String::from("n,text,x\n");
        let mut expected = Vec::new();
        for (n, text, x) in rows {
            file.push_str(&format!("{n},\"{}\",{x:?}\r\n", text.replace('"', "\"\"")));
            let bytes = text.bytes().map(|byte| format!("{}c", byte as i8)).collect::<Vec<_>>().join(",");
            let x = crate::ir::format_f32(x);
            expected.push(format!("{{{n}L,[{bytes}],{x}}}"));
        }
        let ty = Ty::vec(Ty::tuple(vec![Ty::I64, Ty::vec(Ty::I8), Scalar::F32.into()]));
        let found = load(&Folder::new("a.csv", file).spec(""), &ty).map_err(|error| error.message);
        let expected = parse_value(&format!("[{}]", expected.join(",")), &ty).unwrap();
        prop_assert!(found.as_ref().is_ok_and(|found| found.same(&expected)), "{:?}", found);
    }

    #[test]
    fn any_header_is_answered(text in "\\{('descr'|'shape'|'fortran_order'|: |'<f8'|True|False|\\(|\\)|,|[0-9]|\\[|\\]){0,12}\\}") {
        let _ = npy::parse_header(&text);
    }

    #[test]
    fn any_csv_is_answered(text in "[a,\"\n1.]{0,20}", column in prop::sample::select(vec!["", ":1", ":a"])) {
        let folder = Folder::new("a.csv", text);
        for ty in [Ty::vec(F64), Ty::vec(Ty::vec(Ty::I8)), Ty::vec(Ty::tuple(vec![F64, I32]))] {
            folder.read(column, &ty);
        }
    }
}
