#include "cli/http_client.hpp"

#include <array>
#include <cstddef>
#include <curl/curl.h>

namespace bayeux::cli {

namespace {

// A server that sends more in one response is not what it should be.
constexpr std::size_t kMaxBody = std::size_t{256} << 20U;
constexpr long kConnectMillis = 10000;

std::size_t append(const char* data, std::size_t /*one*/, std::size_t length, void* body) {
    auto& text = *static_cast<std::string*>(body);
    if (length > kMaxBody - text.size()) {
        return 0;
    }
    text.append(data, length);
    return length;
}

}  // namespace

struct HttpClient::Handles {
    CURLM* multi = curl_multi_init();
    CURL* easy = curl_easy_init();
    curl_slist* headers = nullptr;
    std::array<char, CURL_ERROR_SIZE> problem{};
};

HttpClient::HttpClient(const std::string& url, const Options& options)
    : handles_(std::make_unique<Handles>()) {
    CURL* const easy = handles_->easy;
    handles_->headers = curl_slist_append(nullptr, "Content-Type: application/json;charset=UTF-8");
    handles_->headers = curl_slist_append(handles_->headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, handles_->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "bayeux/" PACKAGE_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");  // cookies are kept, in memory
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectMillis);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handles_->problem.data());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    if (!options.login.empty()) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERPWD, options.login.c_str());
    }
    if (!options.ca_file.empty()) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // the system's, besides
    }
}

HttpClient::~HttpClient() {
    curl_easy_cleanup(handles_->easy);
    curl_multi_cleanup(handles_->multi);
    curl_slist_free_all(handles_->headers);
}

Answer HttpClient::post(const std::string& body, Clock::time_point deadline, bool interruptible) {
    Answer answer;
    CURL* const easy = handles_->easy;
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
    handles_->problem[0] = '\0';
    curl_multi_add_handle(handles_->multi, easy);
    int running = 1;
    while (curl_multi_perform(handles_->multi, &running) == CURLM_OK && running != 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0 || (interruptible && interrupted())) {
            answer.kind = left.count() <= 0 ? Answer::Kind::kLate : Answer::Kind::kInterrupted;
            break;
        }
        curl_waitfd wake{interrupt_fd(), CURL_WAIT_POLLIN, 0};
        curl_multi_poll(handles_->multi, &wake, interruptible ? 1 : 0,
                        static_cast<int>(std::min<long>(left.count(), 60000)), nullptr);
    }
    int left_over = 0;
    const CURLMsg* const message = curl_multi_info_read(handles_->multi, &left_over);
    if (running == 0 && message != nullptr && message->msg == CURLMSG_DONE) {
        const CURLcode result = message->data.result;
        if (result == CURLE_OK) {
            answer.kind = Answer::Kind::kAnswered;
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
        } else {
            answer.problem = handles_->problem[0] != '\0' ? handles_->problem.data()
                                                          : curl_easy_strerror(result);
        }
    }
    curl_multi_remove_handle(handles_->multi, easy);
    return answer;
}

}  // namespace bayeux::cli
