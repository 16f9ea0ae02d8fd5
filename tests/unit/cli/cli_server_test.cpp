// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/command_line.hpp"
#include "tests/unit/daemon/control/control_fixture.hpp"

#include <gmock/gmock.h>
#include <sstream>

namespace knell::control {
namespace {

using testing::HasSubstr;
using testing::Not;

/// knellctl with the server that it is made for: both read the shapes alike.
class KnellctlAndServer : public ControlTest {
protected:
    int knellctl(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {"--socket", path()});
        std::istringstream in;
        std::ostringstream out_stream, err_stream;
        const auto exit =
            cli::run(arguments, {in, out_stream, err_stream, false},
                     [](const std::string&, cli::Terminal&) { return cli::Exit::failed; });
        out = out_stream.str();
        err = err_stream.str();
        return static_cast<int>(exit);
    }
    std::string out, err;
};

TEST_F(KnellctlAndServer, nothing_of_what_the_server_tells_is_unknown_to_knellctl)
{
    start();
    publish({.weight = Notice::Weight::alarm,
             .id = "HOST_FENCED",
             .host = HostId{"compute1"},
             .episode = EpisodeId{7},
             .text = "powered off"});
    for (const std::vector<std::string>& view :
         {std::vector<std::string>{"status"}, std::vector<std::string>{"host", "list"},
          std::vector<std::string>{"host", "show", "compute1"},
          std::vector<std::string>{"host", "explain", "compute1"}}) {
        EXPECT_EQ(knellctl(view), 0) << err;
        EXPECT_THAT(out, HasSubstr("Healthy"));
        EXPECT_THAT(out, Not(HasSubstr("?")));
    }
    EXPECT_THAT(out, HasSubstr("episode 7  fencing  by knelld  silent"));
    EXPECT_THAT(out, HasSubstr("ALARM HOST_FENCED host=compute1 episode=7 powered off"));
}

TEST_F(KnellctlAndServer, orders_are_carried_there_and_answers_back)
{
    start();
    EXPECT_EQ(knellctl({"host", "fence", "compute1", "--reason", "smoke", "--yes"}), 3);
    EXPECT_EQ(err, "refused: the vantage is not clear\n");
    EXPECT_EQ(knellctl({"host", "fence", "compute1", "--reason", "smoke", "--yes", "--force"}), 0);
    EXPECT_EQ(out, "accepted: as you wish\n");
    for (const std::vector<std::string>& order :
         {std::vector<std::string>{"host", "release", "compute1", "--reason", "x"},
          std::vector<std::string>{"host", "confirm-off", "compute1", "--reason", "x", "--yes"},
          std::vector<std::string>{"arm", "--reason", "x"},
          std::vector<std::string>{"disarm", "--reason", "x"},
          std::vector<std::string>{"readmit"}}) {
        EXPECT_EQ(knellctl(order), 3) << out << err;
    }
    EXPECT_EQ(knellctl({"arm", "--reason", "two\nlines"}), 2);
    EXPECT_EQ(knellctl({"host", "show", "compute9"}), 1);
    stop();
    EXPECT_EQ(operations.orders.size(), 7u);
}

} // namespace
} // namespace knell::control
