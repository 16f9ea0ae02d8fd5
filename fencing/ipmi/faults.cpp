// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/faults.hpp"

#include <freeipmi/freeipmi.h>

namespace knell::fencing::ipmi {

PowerFault fault_of(int errnum) noexcept
{
    switch (errnum) {
    case IPMI_ERR_USERNAME_INVALID:
    case IPMI_ERR_PASSWORD_INVALID:
    case IPMI_ERR_K_G_INVALID:
    case IPMI_ERR_PRIVILEGE_LEVEL_INSUFFICIENT:
    case IPMI_ERR_PRIVILEGE_LEVEL_CANNOT_BE_OBTAINED:
        return PowerFault::wrong_credentials;
    case IPMI_ERR_BMC_BUSY:
        return PowerFault::busy;
    case IPMI_ERR_AUTHENTICATION_TYPE_UNAVAILABLE:
    case IPMI_ERR_CIPHER_SUITE_ID_UNAVAILABLE:
    case IPMI_ERR_IPMI_2_0_UNAVAILABLE:
    case IPMI_ERR_COMMAND_INVALID_FOR_SELECTED_INTERFACE:
    case IPMI_ERR_COMMAND_INVALID_OR_UNSUPPORTED:
    case IPMI_ERR_BAD_COMPLETION_CODE:
    case IPMI_ERR_BAD_RMCPPLUS_STATUS_CODE:
    case IPMI_ERR_HOSTNAME_INVALID:
    case IPMI_ERR_PARAMETERS:
    case IPMI_ERR_IPMI_ERROR:
        return PowerFault::refused;
    default:
        // Timeouts, our own network, and whatever nobody has named: nothing is known.
        return PowerFault::silent;
    }
}

bool suite_refused(int errnum) noexcept
{
    return errnum == IPMI_ERR_CIPHER_SUITE_ID_UNAVAILABLE;
}

bool suite_perhaps_refused(int errnum) noexcept
{
    return errnum == IPMI_ERR_IPMI_ERROR || errnum == IPMI_ERR_BAD_RMCPPLUS_STATUS_CODE;
}

bool privilege_refused(int errnum) noexcept
{
    return errnum == IPMI_ERR_PRIVILEGE_LEVEL_CANNOT_BE_OBTAINED;
}

bool stray_datagram(int errnum) noexcept
{
    return errnum == IPMI_ERR_SUCCESS;
}

} // namespace knell::fencing::ipmi
