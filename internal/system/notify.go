package system

import (
	"net"
	"os"
)

// Warning marks a line of a service's output as a warning (SyslogLevelPrefix= in systemd.exec(5)).
func Warning(line string) string {
	if os.Getenv("JOURNAL_STREAM") == "" {
		return "warning: " + line
	}
	return "<4>" + line
}

// NotifyStatus shows a line in `systemctl status` (sd_notify(3)). Without systemd it does nothing.
func NotifyStatus(line string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	socket, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer func() { _ = socket.Close() }()
	_, err = socket.Write([]byte("STATUS=" + line))
	return err
}
