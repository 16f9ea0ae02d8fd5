// SPDX-License-Identifier: GPL-3.0-or-later
// Our Nova client against a Nova that answers well, answers garbage, changes bytes of good answers,
// or does not answer. Input: what is asked (a byte each: 1 write true, 2 write false, 3 read, 4
// sample, 5 all services) and, for each request that goes out, what becomes of it.
#include "nova/awaiting.hpp"
#include "nova/json.hpp"
#include "nova/nova_session.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/scratch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <set>

namespace knell::nova {
namespace {

namespace asio = boost::asio;
using fuzz::require;

const HostId host{"compute1"};

/// Time passes only when everybody waits.
class TestClock : public http::Clock {
public:
    explicit TestClock(asio::io_context& loop) : loop_{loop} {}

    [[nodiscard]] Instant now() const override { return now_; }
    [[nodiscard]] std::unique_ptr<http::Alarm> alarm() override
    {
        return std::make_unique<TestAlarm>(*this);
    }
    /// To the next alarm; false if nobody waits.
    bool pass()
    {
        TestAlarm* next = nullptr;
        for (auto* alarm : alarms_) {
            next = alarm->waits() && (next == nullptr || alarm->at() < next->at()) ? alarm : next;
        }
        if (next != nullptr) {
            now_ = std::max(now_, next->at());
            next->stop();
        }
        return next != nullptr;
    }

private:
    class TestAlarm : public http::Alarm {
    public:
        explicit TestAlarm(TestClock& clock) : clock_{clock} { clock_.alarms_.insert(this); }
        ~TestAlarm() override { clock_.alarms_.erase(this); }
        TestAlarm(const TestAlarm&) = delete;
        TestAlarm& operator=(const TestAlarm&) = delete;
        void ring(Instant at, std::function<void()> then) override
        {
            require(!then_, "an alarm waits for one moment");
            at_ = at;
            then_ = std::move(then);
        }
        void stop() override
        {
            if (then_) {
                asio::post(clock_.loop_, std::exchange(then_, nullptr));
            }
        }
        [[nodiscard]] bool waits() const { return static_cast<bool>(then_); }
        [[nodiscard]] Instant at() const { return at_; }

    private:
        TestClock& clock_;
        Instant at_{};
        std::function<void()> then_;
    };

    asio::io_context& loop_;
    Instant now_{Duration{1h}};
    std::set<TestAlarm*> alarms_;
};

/// Keystone and Nova as they would be.
class Cloud {
public:
    http::Response answer(const http::Request& request)
    {
        if (request.url.ends_with("/auth/tokens")) {
            http::Response token{201, {{"X-Subject-Token", "a-token"}}, {}};
            token.body =
                R"({"token":{"issued_at":"2026-11-22T12:00:00.000000Z",)"
                R"("expires_at":"2026-11-22T13:00:00.000000Z","catalog":[{"type":"compute",)"
                R"("endpoints":[{"interface":"public","region_id":"RegionOne",)"
                R"("url":"http://nova/v2.1"}]}]}})";
            return token;
        }
        if (request.method == "PUT") {
            forced_ = request.body.reveal().find("true") != std::string_view::npos;
            return {200, {}, "{}"};
        }
        if (request.url.find("/os-services") != std::string::npos) {
            return {200,
                    {{"x-openstack-request-id", "req-1"}},
                    std::string{R"({"services":[{"binary":"nova-compute","host":"compute1",)"
                                R"("id":"8ce1a8d1-5f5b-41c4-9f4a-50240fa07b74","status":"enabled",)"
                                R"("state":"up","forced_down":)"} +
                        (forced_ ? "true" : "false") + R"(,"disabled_reason":null}]})"};
        }
        if (request.url.find("/servers/") != std::string::npos) {
            return {200,
                    {},
                    R"({"servers":[{"id":"1","host_status":"DOWN",)"
                    R"("OS-EXT-SRV-ATTR:host":"compute1"}]})"};
        }
        return {200, {}, R"({"version":{"version":"2.93","min_version":"2.1"}})"};
    }

private:
    bool forced_ = false;
};

/// Carries out what the input says becomes of each request.
class Carrier : public http::Carrier {
public:
    Carrier(asio::io_context& loop, fuzz::Input& input)
        : loop_{loop}, clock_{std::make_shared<TestClock>(loop)}, input_{input}
    {
    }

    void send(http::Request request, Handler on_outcome) override
    {
        const bool asks_for_token = request.url.ends_with("/auth/tokens");
        require(asks_for_token || !fuzz::tells_secret(request.body.reveal()),
                "the password goes to Keystone alone");
        require(!fuzz::tells_secret(request.url), "no password is in an address");
        auto outcome = outcome_of(request);
        const auto* response = std::get_if<http::Response>(&outcome);
        if (response != nullptr && request.url.find("/os-services?") != std::string::npos) {
            const bool of_host = request.url.find("&host=") != std::string::npos;
            (of_host ? last_of_host : last_list) = response->status >= 200 && response->status < 300
                                                       ? parse_object(response->body)
                                                       : std::nullopt;
        }
        asio::post(loop_, [on_outcome = std::move(on_outcome), outcome = std::move(outcome)] {
            on_outcome(outcome);
        });
    }
    [[nodiscard]] std::shared_ptr<http::Clock> clock() const override { return clock_; }
    bool pass() { return clock_->pass(); } ///< of time; false if nobody waits
    [[nodiscard]] Instant now() const { return clock_->now(); }

    // As they were sent, if that was readable.
    std::optional<json::object> last_of_host;
    std::optional<json::object> last_list;

private:
    http::Outcome outcome_of(const http::Request& request)
    {
        const auto what = input_.byte();
        if (what == 0 && input_.empty()) {
            return http::Lost{"the server hung up"};
        }
        auto good = cloud_.answer(request);
        switch (what % 6) {
        case 0:
            return http::Lost{"the server hung up"};
        case 1:
            return http::NotSent{"nobody is there"};
        case 2:
            good.status = 100 + input_.number<std::uint16_t>() % 500;
            good.body = fuzz::text_of(input_.piece());
            return good;
        case 3:
            for (auto changes = input_.byte() % 8; changes > 0 && !good.body.empty(); --changes) {
                const auto place = input_.number<std::uint16_t>() % good.body.size();
                good.body[place] = static_cast<char>(input_.byte());
            }
            return good;
        case 4: {
            // A piece of the good answer, in the stead of another.
            const auto from = input_.number<std::uint16_t>() % (good.body.size() + 1);
            const auto size = input_.byte();
            const auto to = input_.number<std::uint16_t>() % (good.body.size() + 1);
            good.body = good.body.replace(to, input_.byte(), good.body.substr(from, size));
            return good;
        }
        default:
            return good;
        }
    }

    asio::io_context& loop_;
    std::shared_ptr<TestClock> clock_;
    fuzz::Input& input_;
    Cloud cloud_;
};

/// What the last list of services says of our host, read in another way: only if it says so once.
std::optional<bool> truth(const std::optional<json::object>& document)
{
    unsigned records = 0;
    unsigned say_true = 0;
    unsigned say_false = 0;
    if (document) {
        for (const auto& value : array_at(*document, "services")) {
            const auto* service = value.if_object();
            if (service == nullptr || text_at(*service, "host") != host.get() ||
                text_at(*service, "binary") != "nova-compute") {
                continue;
            }
            ++records;
            const auto* forced = service->if_contains("forced_down");
            const bool* flag = forced == nullptr ? nullptr : forced->if_bool();
            say_true += flag != nullptr && *flag ? 1 : 0;
            say_false += flag != nullptr && !*flag ? 1 : 0;
        }
    }
    if (records != 1 || say_true + say_false != 1) {
        return std::nullopt;
    }
    return say_true == 1;
}

class Asking {
public:
    explicit Asking(fuzz::Input& input) : carrier_{loop_, input}
    {
        CloudSettings settings;
        settings.auth_url = "http://keystone/v3";
        settings.username = "knell";
        settings.password = Secret{std::string{fuzz::canary}};
        settings.project_id = "p";
        session_ =
            std::make_shared<NovaSession>(loop_, carrier_, std::move(settings), NovaOptions{});
    }

    void ask(unsigned what)
    {
        switch (what % 6) {
        case 1:
        case 2:
            return write(what % 6 == 1);
        case 3:
            return read();
        case 4:
            return sample();
        case 5:
            return services();
        default:
            carrier_.pass();
        }
    }

    ~Asking()
    {
        session_->close();
        for (int i = 0; i < 100; ++i) {
            loop_.restart();
            loop_.poll();
            carrier_.pass();
        }
    }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;

private:
    template <class Answer>
    Answer awaited(asio::awaitable<Answer> question)
    {
        std::optional<Answer> answer;
        asio::co_spawn(loop_, into(answer, std::move(question)), nobody_throws);
        for (int steps = 0; steps < 1000 && !answer; ++steps) {
            loop_.restart();
            if (loop_.poll() == 0) {
                require(carrier_.pass(), "nobody waits for nothing");
            }
        }
        require(answer.has_value(), "every question is answered");
        check(session_->health());
        return *std::move(answer);
    }

    template <class Answer>
    static asio::awaitable<void> into(std::optional<Answer>& answer,
                                      asio::awaitable<Answer> question)
    {
        answer = co_await std::move(question);
    }
    static void nobody_throws(std::exception_ptr problem)
    {
        require(problem == nullptr, "no answer throws");
    }

    static void check(const NovaHealth& health)
    {
        for (const auto& text : {health.last_error, health.services_error, health.endpoint}) {
            require(fuzz::fit_to_show(text), "what is told is one line of text", text);
            require(!fuzz::tells_secret(text), "no password is told", text);
        }
    }

    void check(const Finding& finding) const
    {
        require(fuzz::fit_to_show(finding.detail), "what is told is one line of text",
                finding.detail);
        require(!fuzz::tells_secret(finding.detail), "no password is told");
        require((finding.outcome == NovaOutcome::refused) == (finding.refusal != NovaRefusal::none),
                "who refuses says how");
        require(!finding.forced_down || finding.forced_down == truth(carrier_.last_of_host),
                "the flag is what Nova's last list says, and says once");
    }

    void write(bool wanted)
    {
        const auto finding = awaited(session_->write(host, wanted, carrier_.now() + 5s, leave_));
        check(finding);
        require(finding.outcome != NovaOutcome::done || finding.forced_down == wanted,
                "done is what was read back");
    }
    void read()
    {
        const auto finding = awaited(session_->read(host, carrier_.now() + 5s));
        check(finding);
        require(finding.outcome != NovaOutcome::done || finding.forced_down.has_value(),
                "what was read is told");
    }
    void sample()
    {
        const auto seen = awaited(session_->sample(host, AttemptId{7}, carrier_.now() + 5s));
        require(seen.down <= seen.sampled && (seen.known || seen.sampled == 0),
                "what is not known is not counted");
        require(fuzz::fit_to_show(seen.detail), "what is told is one line of text", seen.detail);
    }
    void services()
    {
        std::optional<ServicesSeen> seen;
        session_->watch_services(30s, [&](ServicesSeen list) { seen = std::move(list); });
        if (!std::exchange(warm_, true)) {
            asio::co_spawn(loop_, NovaSession::keep_warm(session_), nobody_throws);
        }
        for (int i = 0; i < 60 && !seen; ++i) {
            loop_.restart();
            if (loop_.poll() == 0 && !carrier_.pass()) {
                break;
            }
        }
        session_->watch_services(30s, nullptr);
        check(session_->health());
        if (seen) {
            for (const auto& service : seen->services) {
                require(!service.forced_down || service.host != host ||
                            truth(carrier_.last_list).value_or(true),
                        "a flag is told only where the list says so");
            }
        }
    }

    asio::io_context loop_;
    Carrier carrier_;
    const Leave leave_;
    std::shared_ptr<NovaSession> session_;
    bool warm_ = false;
};

} // namespace

KNELL_FUZZ_TARGET(nova_client)
{
    fuzz::Input input{bytes};
    Asking asking{input};
    for (int questions = 0; questions < 8 && !input.empty(); ++questions) {
        asking.ask(input.byte());
    }
}

} // namespace knell::nova
