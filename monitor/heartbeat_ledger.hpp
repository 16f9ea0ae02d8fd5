// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "monitor/address.hpp"
#include "monitor/heartbeat_packet.hpp"
#include "monitor/targets.hpp"

#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace knell::monitor {

/// What became of the packets, counted since start.
struct HeartbeatCounters {
    std::uint64_t accepted = 0;
    std::uint64_t format = 0;       ///< not of our protocol, or a challenge thrown back at us
    std::uint64_t unknown_host = 0; ///< no such host in the inventory
    std::uint64_t source = 0;       ///< not an address of that host
    std::uint64_t hmac = 0;         ///< not signed with that host's key
    std::uint64_t unproven = 0;     ///< genuine, but perhaps old: the agent was challenged
    std::uint64_t replay = 0;       ///< of this session, but heard before or too old
    std::uint64_t filtered = 0;     ///< dropped by the kernel: never read

    friend bool operator==(const HeartbeatCounters&, const HeartbeatCounters&) = default;
};

/// Decides which packets are signs of life and which intervals passed without one. Pure:
/// no socket, no clock. Call it in this order, all with the same `now`, which must have been
/// read before the sockets were drained: wake, receive for every packet, judge.
///
/// * Nothing is said of a path before its first accepted beat.
/// * A beat is owed every interval; it is missed half an interval after it was due. So the
///   n-th silence in a row comes n + 1/2 intervals after the last beat.
/// * The silences of a time in which we could not listen are `inconclusive`: once, when we were
///   called an interval too late; and for every waiting that `doubt` covers.
class HeartbeatLedger {
public:
    static constexpr Duration challenge_every = 10s;
    static constexpr Duration challenge_pause = 50ms; ///< at least this between two on one path
    static constexpr Duration lapse = 2s;             ///< a session unheard this long is unproven
    static constexpr unsigned window = 16;            ///< sequences behind the newest, all paths

    using Events = std::vector<Event>;
    using DrawNonce = std::function<Bytes16()>;

    /// What is wrong with these peers, for the operator; empty if nothing is.
    [[nodiscard]] static std::string fault_of(const std::vector<HeartbeatPeer>& peers);

    /// `peers` must be without fault.
    explicit HeartbeatLedger(const std::vector<HeartbeatPeer>& peers,
                             DrawNonce draw = random_bytes16);

    /// These hosts and no others are heard from now on; `peers` must be without fault. What stays
    /// as it is keeps its session, its nonces and what is owed on its paths. A host with another
    /// key must prove itself as a new one does, and of a path with another address or interval
    /// nothing is said before its first beat: whoever counts must take it for never heard, too.
    void retarget(const std::vector<HeartbeatPeer>& peers);

    void wake(Instant now);
    /// Returns a challenge to send back where the packet came from, if one is called for.
    std::optional<HeartbeatBytes> receive(Instant now, const Address& from,
                                          std::span<const std::uint8_t> bytes, Events& events);
    /// What we waited for until now proves nothing if it did not come: packets were lost on
    /// our side (`why`), or the machine was suspended.
    void doubt(Instant now, std::string why);
    void judge(Instant now, Events& events);
    /// So many packets were dropped before anybody read them.
    void filtered(std::uint64_t packets) { counters_.filtered += packets; }

    /// When judge must be called next; empty while nothing is owed.
    [[nodiscard]] std::optional<Instant> next_due() const;
    [[nodiscard]] const HeartbeatCounters& counters() const noexcept { return counters_; }
    /// Of every path, whatever has come over it.
    [[nodiscard]] std::vector<Address> addresses() const;

private:
    struct Path {
        std::size_t host = 0;
        MonitorId monitor;
        Address address;
        Duration interval{};
        bool seen = false;
        Instant waiting_since{}; ///< start of the interval that is owed
        std::uint64_t sequence = 0;
        std::optional<Instant> challenged_at{};
    };
    struct Host {
        HostId id;
        HeartbeatSeal seal;
        Bytes16 tag{};
        Bytes16 nonce{};
        std::optional<Bytes16> previous_nonce{};
        std::optional<Instant> drawn_at{};
        bool believed = false;
        bool said_goodbye = false;
        Bytes16 boot{};
        Bytes16 session{};
        std::uint64_t newest = 0;
        std::uint64_t heard_mask = 0; ///< bit n: newest - n was heard
        Instant heard_at{};
        std::vector<std::size_t> paths{};
    };
    enum class Belief { fresh, replayed, unproven };
    using Deadline = std::pair<Instant, std::size_t>;

    void add(const HeartbeatPeer& peer, Host host, const std::vector<Path>& known);
    Belief weigh(Instant now, Host& host, Path& path, const HeartbeatPacket& packet);
    void renew_nonces(Host& host);
    std::optional<HeartbeatBytes> challenge(Instant now, Host& host, Path& path,
                                            const HeartbeatPacket& packet, Duration pause);
    void report(Instant now, Host& host, Path& path, const HeartbeatPacket& packet, Events& events);
    void say(const Path& path, Pulse pulse, std::string detail, Events& events) const;

    DrawNonce draw_;
    std::vector<Host> hosts_;
    std::vector<Path> paths_;
    std::unordered_map<std::string, std::size_t> by_tag_;
    std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
    Duration late_by_{};
    std::optional<Instant> doubted_until_;
    std::string doubt_;
    HeartbeatCounters counters_;
};

} // namespace knell::monitor
