// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/unit/nova/fake_cloud.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <thread>
#include <utility>

namespace knell::nova {

/// A FakeCloud for callers that block: it answers on a thread of its own, only while one of them
/// runs, so that a test may look at it before and after.
class CloudAside {
public:
    template <class Call>
    auto during(Call call)
    {
        loop_.restart();
        auto work = boost::asio::make_work_guard(loop_);
        std::thread aside{[this] { loop_.run(); }};
        auto result = call();
        work.reset();
        loop_.stop();
        aside.join();
        return result;
    }

private:
    boost::asio::io_context loop_;

public:
    FakeCloud cloud{loop_};
};

} // namespace knell::nova
