// Counts words: strings in, a dictionary with strings for keys out.
//
//   c++ -std=c++98 -Iinclude examples/cpp/words.cpp -o words_cpp -Ltarget/release -lweld
#include "weld.hpp"
#include <map>
#include <vector>

typedef weld::Vec<char> Text;

struct Entry {
    Text word;
    int64_t count;
};

int main()
{
    const char *story[] = {"the", "cat", "and", "the", "dog", "and", "the", "end"};
    std::vector<std::string> words(story, story + sizeof story / sizeof *story);
    std::vector<Text> texts;
    for (size_t i = 0; i < words.size(); i++) {
        Text text = {words[i].data(), static_cast<int64_t>(words[i].size())};
        texts.push_back(text);
    }
    weld::Vec<Text> arg = {&texts[0], static_cast<int64_t>(texts.size())};

    weld::Module module(weld::compile("|words: vec[vec[i8]]| countby(words)"));
    weld::Context context(weld::new_context());
    weld::Value value(weld::run(module, context, &arg));
    const void *dict = *static_cast<const void *const *>(weld_value_data(value));
    const Entry *entries = static_cast<const Entry *>(weld_dict_entries(dict));

    std::map<std::string, int64_t> counts;
    for (int64_t i = 0; i < weld_dict_len(dict); i++) {
        const Text &word = entries[i].word;
        counts[std::string(word.data, word.data + word.len)] = entries[i].count;
    }
    CHECK(counts.size() == 5);
    CHECK(counts["the"] == 3 && counts["and"] == 2 && counts["end"] == 1);
    // In the order in which the words came first.
    CHECK(std::string(entries[0].word.data, 3) == "the" && std::string(entries[1].word.data, 3) == "cat");
    return 0;
}
