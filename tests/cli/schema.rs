//! Checks JSON against the schemas in `docs/schema`: the part of JSON Schema that they use, and nothing silently more.

use serde_json::Value;

/// Whether `text` is an object of the schema `name`.
pub fn check(name: &str, text: &str) -> Result<(), String> {
    let path = format!("{}/docs/schema/{name}.v1.json", env!("CARGO_MANIFEST_DIR"));
    let schema = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let schema: Value = serde_json::from_str(&schema).map_err(|error| format!("{path}: {error}"))?;
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    conforms(&value, &schema, "$")
}

fn conforms(value: &Value, schema: &Value, at: &str) -> Result<(), String> {
    for (key, rule) in schema.as_object().ok_or("a schema is an object")? {
        match key.as_str() {
            "$schema" | "$id" | "title" => {}
            "type" => {
                let names: Vec<&str> = match rule {
                    Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                    name => name.as_str().into_iter().collect(),
                };
                if !names.iter().any(|name| is_a(value, name)) {
                    return Err(format!("{at}: {value} is none of {names:?}"));
                }
            }
            "required" => {
                for name in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.get(name).is_none() {
                        return Err(format!("{at}: no `{name}`"));
                    }
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().ok_or("properties are an object")? {
                    if let Some(value) = value.get(name) {
                        conforms(value, rule, &format!("{at}.{name}"))?;
                    }
                }
            }
            "additionalProperties" if *rule == Value::Bool(false) => {
                let known = |name: &String| schema["properties"].get(name).is_some();
                if let Some(name) =
                    value.as_object().into_iter().flat_map(|object| object.keys()).find(|name| !known(name))
                {
                    return Err(format!("{at}: `{name}` is not in the schema"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    conforms(item, rule, &format!("{at}[{index}]"))?;
                }
            }
            "minItems" | "maxItems" => {
                let length = value.as_array().map_or(0, Vec::len) as u64;
                let limit = rule.as_u64().ok_or("a limit is a number")?;
                if (key == "minItems" && length < limit) || (key == "maxItems" && length > limit) {
                    return Err(format!("{at}: {length} items, {key} is {limit}"));
                }
            }
            other => return Err(format!("the schema uses `{other}`, which this checker does not know")),
        }
    }
    Ok(())
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[test]
fn the_checker_can_fail() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {"a": {"type": "array", "items": {"type": "integer"}, "minItems": 1}}
    });
    let ok = |text: &str| conforms(&serde_json::from_str(text).unwrap(), &schema, "$").is_ok();
    assert!(ok(r#"{"a": [1]}"#));
    for wrong in [r#"{}"#, r#"{"a": []}"#, r#"{"a": [1.5]}"#, r#"{"a": [1], "b": 1}"#, r#"[]"#] {
        assert!(!ok(wrong), "{wrong}");
    }
}
