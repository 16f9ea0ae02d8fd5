// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/datacentre.hpp"

#include <functional>
#include <map>
#include <utility>

namespace knell::sim {

/// Every fault that the world has, again and again, until the calm.
class Chaos {
public:
    explicit Chaos(Datacentre& world);

    void begin();
    /// No fault comes any more, and what was broken is mended at once. Hosts that are down stay
    /// down, and who was cut off stays cut off.
    void end();

private:
    using Act = std::function<void()>;
    void strike(Fault fault);
    void act(Fault fault, Dice& dice);
    void act_on_bmc(Fault fault, Dice& dice);
    void act_on_nova(Fault fault, Dice& dice);
    void act_on_knelld(Fault fault, Dice& dice);
    void pause(void (Datacentre::*how)(Duration), Dice& dice);
    /// Right behind one of the next effects of knelld, which runs.
    void at_some_deed(Dice& dice, Act act);
    void operate(Dice& dice);
    void meddle(Dice& dice); ///< with flags
    /// `undo` happens after a while, or when chaos ends.
    void spell(Duration lasting, Act undo);
    /// `revive` happens after a while, unless chaos ends before.
    void death(Duration lasting, Act revive);
    [[nodiscard]] const HostId& any_host(Dice& dice);

    Datacentre& world_;
    Truth& truth_;
    std::vector<HostId> hosts_;
    std::map<Fault, Dice> dice_;
    std::map<unsigned, Act> undo_;
    unsigned spells_ = 0;
    bool over_ = false;
};

} // namespace knell::sim
