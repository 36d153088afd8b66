/* Strings are vectors of bytes with a length; no byte ends them.
 *
 *   cc -std=c99 -Iinclude examples/c/strings.c -o strings -Ltarget/release -lweld
 */
#include "check.h"
#include <string.h>

struct text { const char *data; int64_t len; };
struct texts { struct text *data; int64_t len; };
struct result { int64_t apples; struct texts long_ones; struct text greeting; };

static struct text text(const char *string)
{
    struct text made = {string, (int64_t)strlen(string)};
    return made;
}

static int is(const struct text *found, const char *wanted)
{
    return found->len == (int64_t)strlen(wanted) && memcmp(found->data, wanted, strlen(wanted)) == 0;
}

int main(void)
{
    struct text words[4];
    struct texts arg = {words, 4};
    words[0] = text("apple");
    words[1] = text("fig");
    words[2] = text("apple");
    words[3] = text("quince");

    weld_module_t module = compile(
        "|words: vec[vec[i8]]|\n"
        "  {count(words, |w| w == \"apple\"), filter(words, |w| len(w) > 5L), \"hello\"}");
    weld_context_t context = context_with(NULL, NULL);
    weld_value_t value = run(module, context, &arg);
    const struct result *result = weld_value_data(value);

    CHECK(result->apples == 2);
    CHECK(result->long_ones.len == 1 && is(&result->long_ones.data[0], "quince"));
    /* The bytes of the words were not copied: the result points into the argument. */
    CHECK(result->long_ones.data[0].data == words[3].data);
    CHECK(is(&result->greeting, "hello"));
    /* Behind a string of the program there is a NUL that is not part of it. */
    CHECK(result->greeting.data[result->greeting.len] == '\0');

    weld_module_free(module);
    CHECK(is(&result->greeting, "hello"));
    weld_value_free(value);
    weld_context_free(context);
    CHECK(weld_live_handles() == 0);
    return 0;
}
