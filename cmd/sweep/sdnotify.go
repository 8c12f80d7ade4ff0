package main

import (
	"fmt"
	"net"
	"os"
)

// notifySocket names the socket on which systemd wants to be told.
const notifySocket = "NOTIFY_SOCKET"

// tell tells systemd of a change of state, where it has started this process
// (sd_notify(3)). It would not know what to do about an error.
func tell(state string) {
	to := os.Getenv(notifySocket)
	if to == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: to, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close() //nolint:errcheck // there is nothing to flush
	_, _ = fmt.Fprint(conn, state)
}
