// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/engine.hpp"
#include "daemon/fence_devices.hpp"
#include "nova/nova_client.hpp"
#include "tests/simulation/world/bmc_line.hpp"
#include "tests/simulation/world/eyes.hpp"
#include "tests/simulation/world/nova_line.hpp"
#include "tests/simulation/world/scribe.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace knell::sim {

/// One process of knelld: the real Fleet, Engine, FenceDevices, NovaClient and ledgers, and around
/// them what daemon/outside.cpp and daemon/knelld.cpp are to the real world.
class Knelld final : public World {
public:
    struct Around {
        Truth& truth;
        Cables& cables;
        Agents& agents;
        Bmcs& bmcs;
        NovaApi& api;
        const NovaWeather& weather;
        Disk& disk;
        Dice& dice;
    };
    using OnAnswer = std::function<void(bool accepted, const std::string& text)>;

    explicit Knelld(const Around& around);
    ~Knelld() override;
    Knelld(const Knelld&) = delete;
    Knelld& operator=(const Knelld&) = delete;

    /// It has died, by itself or by our doing; to be buried outside of any call to it.
    [[nodiscard]] bool dead() const noexcept { return dead_; }
    /// kill -9, before or after the n-th effect from now on.
    void die_at(unsigned effect, bool before);
    /// After the n-th effect from now on.
    void at_effect(unsigned effect, std::function<void()> what);
    void kill();
    void stop();
    void go_on();
    [[nodiscard]] bool stopped() const { return life_->stopped(); }

    void order(OperatorOrder order, OnAnswer on_answer);
    /// Why not; empty: it is taken up.
    [[nodiscard]] std::vector<std::string> reload(const Policy& policy, const Moves& moves = {});
    /// An answer that was given once is given again.
    void repeat_an_answer();
    void look_at_carrier() { eyes_.look_at_carrier(); }
    void hear(const HostId& host, std::size_t network, const Agents::Packet& packet)
    {
        eyes_.receive(host, network, packet);
    }
    [[nodiscard]] const Fleet& fleet() const { return *fleet_; }

    void record(const Record& record) override;
    void power(const Power& order) override;
    void stand_down(const StandDown& order) override;
    void force_down(const ForceDown& order) override;
    void clear_forced_down(const ClearForcedDown& order) override;
    void read_forced_down(const ReadForcedDown& order) override;
    void sample_servers(const SampleServers& order) override;
    void watch(const Watch& order) override;
    void notify(const Notice& notice) override;
    void answer(const Answer& answer) override;

private:
    void deliver(const Event& event);
    void tick();
    void pump();
    void tell_of_states();
    void tell_of_nova();
    /// True: the process is dead, and nothing is done any more.
    [[nodiscard]] bool before(const Effect& effect, const std::string& words, const HostId* host);
    void after();

    Around around_;
    Truth& truth_;
    std::shared_ptr<Life> life_;
    boost::asio::io_context loop_{1};
    NovaLine line_;
    std::optional<nova::NovaClient> nova_;
    Scribe scribe_;
    FenceDevices devices_;
    Eyes eyes_;
    std::unique_ptr<Fleet> fleet_;
    std::optional<Engine> engine_;
    Instant armed_ = Instant::max();
    std::map<OrderId, OnAnswer> orders_;
    std::uint64_t last_order_ = 0;
    /// The last operator who said that a host is off.
    struct Vouched {
        OrderId order{0};
        bool insisted = false;
        bool read = false; ///< a fence device has said since what it reads
    };
    std::map<HostId, Vouched> vouched_;
    std::map<HostId, std::string> states_;
    std::vector<Event> answers_; ///< given, of late
    bool dead_ = false;
    bool nova_answers_ = true; ///< as the fleet was told last
    unsigned until_death_ = 0; ///< effects; 0: no end in sight
    struct Planned {
        unsigned effects_left;
        std::function<void()> what;
    };
    std::vector<Planned> planned_;
    bool die_before_ = false;
    unsigned depth_ = 0;
    bool acted_ = false; ///< since states were told
};

} // namespace knell::sim
