/* Vectors of vectors: rows of different lengths in, sums of the rows and all rows in one vector out.
 *
 *   cc -std=c99 -Iinclude examples/c/nested.c -o nested -Ltarget/release -lweld
 */
#include "check.h"

struct rows { struct ints *data; int64_t len; };
struct result { struct ints sums; struct ints flat; struct rows doubled; };

int main(void)
{
    int64_t first[] = {1, 2, 3}, third[] = {40};
    /* An empty vector may have a null pointer. */
    struct ints rows[] = {{first, 3}, {NULL, 0}, {third, 1}};
    struct rows arg = {rows, 3};

    weld_module_t module = compile(
        "|vv: vec[vec[i64]]| {map(vv, |v| sum(v)), flatten(vv), map(vv, |v| map(v, |x| x * 2L))}");
    weld_context_t context = context_with(NULL, NULL);
    weld_value_t value = run(module, context, &arg);
    const struct result *result = weld_value_data(value);

    CHECK(result->sums.len == 3);
    CHECK(result->sums.data[0] == 6 && result->sums.data[1] == 0 && result->sums.data[2] == 40);
    CHECK(result->flat.len == 4);
    CHECK(result->flat.data[0] == 1 && result->flat.data[3] == 40);
    CHECK(result->doubled.len == 3);
    CHECK(result->doubled.data[0].len == 3 && result->doubled.data[0].data[2] == 6);
    CHECK(result->doubled.data[1].len == 0);
    CHECK(result->doubled.data[2].len == 1 && result->doubled.data[2].data[0] == 80);

    weld_value_free(value);
    weld_context_free(context);
    weld_module_free(module);
    CHECK(weld_live_handles() == 0);
    return 0;
}
