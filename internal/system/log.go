package system

import (
	"log/syslog"
	"strings"

	"github.com/coreos/go-systemd/v22/journal"
)

// Log writes one structured line to the system's log: systemd's journal where there is one, else syslog. A host that
// has neither does without. Fields are named as journal fields are: upper case, no leading underscore.
func (s *System) Log(message string, fields map[string]string) {
	if s.Root != "" {
		return
	}
	if journal.Enabled() {
		fields["SYSLOG_IDENTIFIER"] = "hostnet"
		_ = journal.Send(message, journal.PriNotice, fields)
		return
	}
	writer, err := syslog.New(syslog.LOG_NOTICE|syslog.LOG_DAEMON, "hostnet")
	if err != nil {
		return
	}
	defer func() { _ = writer.Close() }()
	_ = writer.Notice(strings.ReplaceAll(message, "\n", "; "))
}
