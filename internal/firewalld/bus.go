package firewalld

import (
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

// Bus reaches the host's firewalld over D-Bus, see firewalld.dbus(5). Both may come and go meanwhile. The zero Bus is
// ready.
type Bus struct{ connection *dbus.Conn }

const (
	busName    = "org.fedoraproject.FirewallD1"
	path       = "/org/fedoraproject/FirewallD1"
	configPath = path + "/config"
	busSocket  = "/run/dbus/system_bus_socket"
)

// Running tells whether there is a firewalld to ask. Without D-Bus there is none: what it drops is found in the rules,
// and warned of.
func (b *Bus) Running() bool {
	if b.connection == nil || !b.connection.Connected() {
		b.Close()
		if _, err := os.Stat(busSocket); err != nil {
			return false
		}
		connection, err := dbus.ConnectSystemBus()
		if err != nil {
			return false
		}
		b.connection = connection
	}
	var owned bool
	// Asking firewalld itself would start it where it is installed and switched off.
	err := b.connection.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, busName).Store(&owned)
	return err == nil && owned
}

// Close ends the connection.
func (b *Bus) Close() {
	if b.connection != nil {
		_ = b.connection.Close()
		b.connection = nil
	}
}

func (b *Bus) call(object dbus.ObjectPath, method string, out any, arguments ...any) error {
	call := b.connection.Object(busName, object).Call(busName+"."+method, 0, arguments...)
	if call.Err != nil {
		return fmt.Errorf("firewalld: %s%v: %w", method, arguments, call.Err)
	}
	if out == nil {
		return nil
	}
	return call.Store(out)
}

// Zone is the zone of an interface, "" for the default one.
func (b *Bus) Zone(link string, permanent bool) (string, error) {
	object, method := dbus.ObjectPath(path), "zone.getZoneOfInterface"
	if permanent {
		object, method = configPath, "config.getZoneOfInterface"
	}
	var zone string
	err := b.call(object, method, &zone, link)
	return zone, err
}

// SetZone puts an interface into a zone, "" for the default one.
func (b *Bus) SetZone(link, zone string, permanent bool) error {
	have, err := b.Zone(link, permanent)
	if err != nil || have == zone {
		return err
	}
	if !permanent {
		if zone == "" {
			return b.call(path, "zone.removeInterface", nil, have, link)
		}
		return b.call(path, "zone.changeZoneOfInterface", nil, zone, link)
	}
	if have != "" {
		if err := b.change(have, "removeInterface", link); err != nil {
			return err
		}
	}
	if zone == "" {
		return nil
	}
	return b.change(zone, "addInterface", link)
}

// change alters a zone as it is kept on the disk.
func (b *Bus) change(zone, method, link string) error {
	var object dbus.ObjectPath
	if err := b.call(configPath, "config.getZoneByName", &object, zone); err != nil {
		return err
	}
	return b.call(object, "config.zone."+method, nil, link)
}
