/* A sum for each key: a dictionary that C reads in place, and hands to a later run.
 *
 *   cc -std=c99 -Iinclude examples/c/dictionary.c -o dictionary -Ltarget/release -lweld
 */
#include "check.h"

/* An entry of a dict[i32,f64], laid out as C does. */
struct entry { int32_t key; double value; };
struct keys { int32_t *data; int64_t len; };
struct doubles { double *data; int64_t len; };

int main(void)
{
    int32_t keys[] = {7, 3, 7, 9, 3, 7};
    double values[] = {1, 2, 3, 4, 5, 6};
    struct { struct keys keys; struct doubles values; } args = {{keys, 6}, {values, 6}};

    weld_context_t context = context_with(NULL, NULL);
    weld_module_t sums = compile("|ks: vec[i32], vs: vec[f64]| sumby(ks, vs)");
    weld_value_t value = run(sums, context, &args);

    /* A result is a pointer to the value, and a dictionary is a pointer. */
    const void *dict = *(const void *const *)weld_value_data(value);
    const struct entry *entries = weld_dict_entries(dict);
    CHECK(weld_dict_len(dict) == 3);
    /* In the order in which the keys came first. */
    CHECK(entries[0].key == 7 && entries[0].value == 10);
    CHECK(entries[1].key == 3 && entries[1].value == 7);
    CHECK(entries[2].key == 9 && entries[2].value == 4);

    /* A later run may take it: the result is the argument as it stands. */
    struct { const void *dict; int32_t key; } query = {dict, 3};
    weld_module_t lookup = compile("|d: dict[i32,f64], k: i32| lookup(d, k)");
    weld_value_t found = run(lookup, context, &query);
    CHECK(*(const double *)weld_value_data(found) == 7);

    /* Without entries it is a null pointer, which the functions know. */
    args.keys.len = args.values.len = 0;
    weld_value_t empty = run(sums, context, &args);
    dict = *(const void *const *)weld_value_data(empty);
    CHECK(weld_dict_len(dict) == 0);
    CHECK(weld_dict_len(NULL) == 0 && weld_dict_entries(NULL) == NULL);

    weld_value_free(empty);
    weld_value_free(found);
    weld_value_free(value);
    weld_module_free(lookup);
    weld_module_free(sums);
    weld_context_free(context);
    CHECK(weld_live_handles() == 0);
    return 0;
}
