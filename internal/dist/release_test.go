package dist

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBillsOfMaterials reads what another program finds in the binaries that the lint tier has built, and compares it
// with NOTICE.
func TestBillsOfMaterials(t *testing.T) {
	bin := os.Getenv("HOSTNET_BINARIES")
	if bin == "" {
		t.Skip("no binaries are named: the lint tier runs this test")
	}
	output := t.TempDir()
	if err := WriteSBOMs(t.Context(), "../..", bin, output); err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile(filepath.Join("../..", NoticeFile))
	if err != nil {
		t.Fatal(err)
	}
	files, err := releaseFiles(output)
	if err != nil || len(files) != len(programs)*len(Architectures) {
		t.Fatalf("%v: %v", files, err)
	}
	for _, name := range files {
		var bill struct {
			BOMFormat  string
			Components []struct {
				Name, Version string
				Evidence      struct{ Licenses []any }
			}
		}
		text, err := os.ReadFile(filepath.Join(output, name))
		if err == nil {
			err = json.Unmarshal(text, &bill)
		}
		if err != nil || bill.BOMFormat != "CycloneDX" || len(bill.Components) == 0 {
			t.Fatalf("%s: %v: %+v", name, err, bill)
		}
		for _, one := range bill.Components {
			if len(one.Evidence.Licenses) == 0 {
				t.Errorf("%s: %s has no licence", name, one.Name)
			}
			if !strings.Contains(string(notice), "\n"+one.Name+" "+one.Version+"\n") {
				t.Errorf("%s: NOTICE lacks %s %s", name, one.Name, one.Version)
			}
		}
	}
}

// TestProvenance: every file that is released is a subject, with its sum.
func TestProvenance(t *testing.T) {
	output := t.TempDir()
	for _, name := range []string{"a.tar.gz", "b.deb", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(output, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteProvenance(t.Context(), "../..", output); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(output, "*.intoto.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v: %v", found, err)
	}
	var statement struct {
		Subject []struct {
			Name   string
			Digest map[string]string
		}
		Predicate struct {
			BuildDefinition struct {
				ResolvedDependencies []struct{ Digest map[string]string }
			}
		}
	}
	text, err := os.ReadFile(found[0])
	if err == nil {
		err = json.Unmarshal(text, &statement)
	}
	if err != nil || len(statement.Subject) != 2 || statement.Subject[1].Name != "b.deb" ||
		statement.Subject[1].Digest["sha256"] != hashBytes([]byte("b.deb")) {
		t.Errorf("%v: %+v", err, statement)
	}
	if sources := statement.Predicate.BuildDefinition.ResolvedDependencies; len(sources) == 0 ||
		len(sources[0].Digest["gitCommit"]) != 40 {
		t.Errorf("the commit: %+v", sources)
	}
}
