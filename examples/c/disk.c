/* A dictionary to a file and back: serialize gives bytes, deserialize checks them.
 *
 *   cc -std=c99 -Iinclude examples/c/disk.c -o disk -Ltarget/release -lweld
 */
#include "check.h"

struct bytes { unsigned char *data; int64_t len; };

static void save(const char *path, const struct bytes *bytes)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(bytes->data, 1, (size_t)bytes->len, file) == (size_t)bytes->len);
    CHECK(fclose(file) == 0);
}

static struct bytes load(const char *path)
{
    struct bytes bytes = {malloc(4096), 0};
    FILE *file = fopen(path, "rb");
    CHECK(bytes.data != NULL && file != NULL);
    bytes.len = (int64_t)fread(bytes.data, 1, 4096, file);
    CHECK(fclose(file) == 0);
    return bytes;
}

int main(void)
{
    int64_t words[] = {5, 6, 5, 5, 8};
    struct ints arg = {words, 5};
    weld_context_t context = context_with(NULL, NULL);

    weld_module_t counts = compile("|v: vec[i64]| serialize(countby(v))");
    weld_value_t written = run(counts, context, &arg);
    save("counts.bin", weld_value_data(written));
    weld_value_free(written);

    struct bytes bytes = load("counts.bin");
    weld_module_t most = compile("|b: vec[u8]| maximum(values(deserialize[dict[i64,i64]](b)))");
    weld_value_t read = run(most, context, &bytes);
    CHECK(*(const int64_t *)weld_value_data(read) == 3);

    /* A file that was cut off is an error, and never read beyond its end. */
    weld_error_t err = weld_error_new();
    bytes.len -= 1;
    weld_value_t cut = weld_value_new(&bytes);
    CHECK(weld_module_run(most, context, cut, err) == NULL);
    CHECK(weld_error_code(err) == WELD_ERRNO_DESERIALIZATION_ERROR);

    remove("counts.bin");
    free(bytes.data);
    weld_value_free(cut);
    weld_value_free(read);
    weld_error_free(err);
    weld_module_free(counts);
    weld_module_free(most);
    weld_context_free(context);
    CHECK(weld_live_handles() == 0);
    return 0;
}
