#include "protocol/string_filter.hpp"

#include <utility>

#include "protocol/error_text.hpp"
#include "protocol/json_edit.hpp"
#include "protocol/markup.hpp"

namespace bayeux::protocol {

namespace {

class EscapeFilter final : public StringFilter {
  public:
    [[nodiscard]] std::string_view name() const noexcept override { return "escape-markup"; }
    [[nodiscard]] bool apply(std::string& text, std::size_t max_size) const override {
        escape_markup(text);
        return text.size() <= max_size;
    }
};

class StripFilter final : public StringFilter {
  public:
    [[nodiscard]] std::string_view name() const noexcept override { return "strip-markup"; }
    [[nodiscard]] bool apply(std::string& text, std::size_t /*max_size*/) const override {
        strip_markup(text);
        return true;
    }
};

class SizeFilter final : public StringFilter {
  public:
    explicit SizeFilter(std::size_t bytes) noexcept : bytes_(bytes) {}
    [[nodiscard]] std::string_view name() const noexcept override { return "max-size"; }
    [[nodiscard]] bool apply(std::string& text, std::size_t /*max_size*/) const override {
        return text.size() <= bytes_;
    }

  private:
    const std::size_t bytes_;
};

using Filters = std::vector<std::unique_ptr<StringFilter>>;

class ChainEditor final : public StringEditor {
  public:
    ChainEditor(const Filters& filters, std::size_t max_size) noexcept
        : filters_(filters), max_size_(max_size) {}

    [[nodiscard]] bool edit(std::string& text) override {
        for (const auto& filter : filters_) {
            last_ = filter.get();
            if (!filter->apply(text, max_size_)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] std::string_view last() const noexcept {
        return last_ != nullptr ? last_->name() : std::string_view();
    }

  private:
    const Filters& filters_;
    const std::size_t max_size_;
    const StringFilter* last_ = nullptr;
};

}  // namespace

std::unique_ptr<StringFilter> make_escape_filter() {
    return std::make_unique<EscapeFilter>();
}

std::unique_ptr<StringFilter> make_strip_filter() {
    return std::make_unique<StripFilter>();
}

std::unique_ptr<StringFilter> make_size_filter(std::size_t bytes) {
    return std::make_unique<SizeFilter>(bytes);
}

void FilterChain::add(std::unique_ptr<StringFilter> filter) {
    quick_ = quick_ && filter->is_quick();
    filters_.push_back(std::move(filter));
}

Filtered FilterChain::apply(std::string_view data, std::size_t max_size) const {
    ChainEditor editor(filters_, max_size);
    std::string changed;
    Filtered filtered;
    switch (edit_strings(data, editor, max_size, changed)) {
        case Edited::kSame:
            break;
        case Edited::kChanged:
            filtered.data = std::move(changed);
            break;
        case Edited::kStopped:
        case Edited::kTooLarge:
            filtered.refusal = error_text::filtered(editor.last(), section_);
            break;
    }
    return filtered;
}

}  // namespace bayeux::protocol
