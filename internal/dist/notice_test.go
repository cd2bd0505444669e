package dist

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotice compares NOTICE with what is linked.
func TestNotice(t *testing.T) {
	want, err := Notice(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join("../..", NoticeFile)); err != nil || string(got) != want {
		t.Errorf("%s is not about what is linked now: run `make docs`: %v", NoticeFile, err)
	}
	for _, one := range []string{"github.com/lxc/go-lxc ", "github.com/vishvananda/netlink ", "the Go standard library ",
		"LGPL-2.1-or-later"} {
		if !strings.Contains(want, one) {
			t.Errorf("there is no %s", one)
		}
	}
}

func TestLicensesThatAreNotAccepted(t *testing.T) {
	for text, want := range map[string]string{
		"Business Source License 1.1":                                                      "",
		"GNU AFFERO GENERAL PUBLIC LICENSE":                                                "",
		"Permission is hereby\n granted, free of charge, to":                               "MIT",
		"Redistribution and use in source and binary forms, …\nNeither the name of Google": "BSD-3-Clause",
	} {
		if got := identify(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
