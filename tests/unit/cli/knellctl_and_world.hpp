// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/command_line.hpp"
#include "daemon/journal/wall_time.hpp"
#include "tests/simulation/small_world.hpp"
#include "tests/unit/daemon/control/control_fixture.hpp"

#include <sstream>
#include <utility>

namespace knell::control {

/// What knelld is to the control server, over a fleet in a small world.
class WorldOperations : public Operations {
public:
    explicit WorldOperations(Policy policy) : world{std::move(policy)} {}

    FleetView fleet() override
    {
        auto view = world.fleet().view();
        for (auto& host : view.hosts) {
            host = seen_now(std::move(host));
        }
        return view;
    }
    std::optional<HostView> host(const HostId& host) override
    {
        auto view = world.fleet().view(host);
        return view ? std::optional{seen_now(std::move(*view))} : std::nullopt;
    }
    DaemonStatus status() override
    {
        return {true, "answers", world.now() + since_world() - 1h, warnings};
    }
    void reload(const std::string&, OnAnswer on_answer) override { on_answer(true, "reloaded"); }
    void order(OperatorOrder order, OnAnswer on_answer) override
    {
        order.id = OrderId{++orders_};
        const auto before = world.log().size();
        world.tell(order);
        world.run(10ms); // until it is durable
        for (auto line = world.log().begin() + static_cast<std::ptrdiff_t>(before);
             line != world.log().end(); ++line) {
            for (const bool accepted : {true, false}) {
                const std::string word = accepted ? "accepted: " : "refused: ";
                if (line->host.empty() && line->text.starts_with(word)) {
                    return on_answer(accepted, line->text.substr(word.size()));
                }
            }
        }
    }
    /// As the journal would have it: what was said, and the states, in their order. All are taken
    /// for the host's first episode.
    Explanation explain(const HostId& host, std::optional<EpisodeId> episode) override
    {
        Explanation explanation;
        const auto only = episode_of(host);
        if (episode && *episode != only) {
            return explanation;
        }
        auto recorded = world.journal().begin();
        for (const auto& line : world.log()) {
            journal::Row row;
            if (line.text.starts_with("Record ") && recorded != world.journal().end()) {
                row.entry = *recorded++;
            } else if (line.text.starts_with("! ")) {
                row.entry.what = JournalEntry::What::told;
                row.entry.host = HostId{line.host};
                row.entry.by = "knelld";
                row.entry.detail = line.text.substr(2);
            }
            if (row.entry.host == host && !is_before_any_episode(row.entry.detail)) {
                row.seq = static_cast<std::int64_t>(explanation.history.size()) + 1;
                row.at = date(line.at);
                row.entry.episode = only;
                explanation.history.push_back(std::move(row));
            }
        }
        return explanation;
    }

    test::SmallWorld world;
    std::vector<std::string> warnings;

private:
    /// The world's clock stands still, and begins elsewhere than ours.
    [[nodiscard]] Duration since_world() const
    {
        return instant(std::chrono::steady_clock::now()) - world.now();
    }
    [[nodiscard]] HostView seen_now(HostView view) const
    {
        const auto shift = since_world();
        const auto move = [&](std::optional<Instant>& at) {
            at = at ? std::optional{*at + shift} : at;
        };
        view.since += shift;
        for (auto& monitor : view.monitors) {
            move(monitor.last_beat);
        }
        for (auto& device : view.devices) {
            move(device.looked_at);
        }
        if (view.planned) {
            move(view.planned->until);
        }
        return view;
    }
    [[nodiscard]] EpisodeId episode_of(const HostId& host) const
    {
        for (const auto& entry : world.journal()) {
            if (entry.host == host && entry.episode != EpisodeId{0}) {
                return entry.episode;
            }
        }
        const auto view = world.fleet().view(host);
        return view ? view->episode : EpisodeId{0};
    }
    static std::string date(Instant at)
    {
        using Wall = std::chrono::system_clock;
        return journal::rfc3339(Wall::time_point{std::chrono::seconds{1795345200}} +
                                std::chrono::duration_cast<Wall::duration>(at.time_since_epoch()));
    }
    static bool is_before_any_episode(const std::string& detail)
    {
        return detail.starts_with("HOST_SEEN") || detail.starts_with("FENCE_READY");
    }
    std::uint64_t orders_ = 0;
};

/// knellctl, a real control server, and core in a small world behind it. The world's time stands
/// still but for run().
class KnellctlAndWorld : public testing::Test {
protected:
    explicit KnellctlAndWorld(Policy policy) : operations{std::move(policy)}
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-world-XXXXXX";
        directory_ = ::mkdtemp(name.data());
        ControlOptions options;
        options.socket = directory_ / "control";
        options.version = "1.2.3";
        auto opened = ControlServer::open(loop_, operations, options);
        server_ = std::get<std::unique_ptr<ControlServer>>(std::move(opened));
        operations.world.run(5s);
        thread_ = std::thread{[this] { loop_.run(); }};
    }
    ~KnellctlAndWorld() override
    {
        on_loop([this] { server_.reset(); });
        loop_.stop();
        thread_.join();
        std::filesystem::remove_all(directory_);
        for (const auto& promise : operations.world.judge().broken()) {
            ADD_FAILURE() << promise;
        }
    }
    /// On the server's thread.
    template <class Work>
    void on_loop(Work work)
    {
        std::promise<void> done;
        boost::asio::post(loop_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }
    void cut(const std::vector<std::string>& hosts)
    {
        on_loop([&] {
            for (const auto& host : hosts) {
                operations.world.cut(host);
            }
        });
    }
    void run(Duration duration)
    {
        on_loop([&] { operations.world.run(duration); });
    }
    [[nodiscard]] std::string state(const std::string& host)
    {
        std::string state;
        on_loop([&] { state = operations.world.state(host); });
        return state;
    }
    /// `typed`: what the operator answers; null: nobody is there.
    int knellctl(std::vector<std::string> arguments, const char* typed = nullptr)
    {
        arguments.insert(arguments.begin(), {"--socket", (directory_ / "control").string()});
        std::istringstream in{typed == nullptr ? "" : typed};
        std::ostringstream out_stream, err_stream;
        const auto exit =
            cli::run(arguments, {in, out_stream, err_stream, typed != nullptr},
                     [](const std::string&, cli::Terminal&) { return cli::Exit::failed; });
        out = out_stream.str();
        err = err_stream.str();
        return static_cast<int>(exit);
    }

    std::string out, err;
    WorldOperations operations;

private:
    std::filesystem::path directory_;
    boost::asio::io_context loop_;
    std::unique_ptr<ControlServer> server_;
    std::thread thread_;
};

} // namespace knell::control
