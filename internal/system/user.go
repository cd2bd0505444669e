package system

import (
	"os"
	"os/user"
)

// LoginUser is who is behind this process, also through sudo and su; "" if nobody logged in.
func LoginUser() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	login, err := os.ReadFile("/proc/self/loginuid")
	// -1 stands for "no login" (proc(5)).
	if err != nil || string(login) == "4294967295" {
		return ""
	}
	account, err := user.LookupId(string(login))
	if err != nil {
		return string(login)
	}
	return account.Username
}
