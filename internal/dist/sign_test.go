package dist

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSign has gpg itself verify what is signed, with a key that lasts as long as the test.
func TestSign(t *testing.T) {
	gpg := newKey(t)
	output := t.TempDir()
	packed, err := compress([]item{{name: "MANIFEST.json", mode: 0o644, content: []byte("{}")},
		{name: "FILES.json", mode: 0o644}})
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := write(output, "hostnet-linux-0.0.1.tar.gz", packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(t.Context(), output, "nobody@hostnet.example"); err == nil {
		t.Error("a key that there is not signs")
	}
	signatures, err := Sign(t.Context(), output, signer)
	if err != nil || len(signatures) != 2 {
		t.Fatalf("%v: %v", signatures, err)
	}
	manifest, err := readManifest(artifact)
	file := filepath.Join(output, "MANIFEST.json")
	if err == nil {
		err = os.WriteFile(file, manifest, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, signed := range []string{filepath.Join(output, sumsFile), file} {
		if err := gpg("--verify", signatures[i], signed); err != nil {
			t.Errorf("%s: %v", signed, err)
		}
		if err := os.WriteFile(signed, []byte("something else"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := gpg("--verify", signatures[i], signed); err == nil {
			t.Errorf("%s: the signature fits another text", signed)
		}
	}
}

const signer = "release@hostnet.example"

// newKey makes a key that lasts as long as the test, and returns gpg.
func newKey(t *testing.T) func(arguments ...string) error {
	t.Helper()
	home, err := os.MkdirTemp("/tmp", "hostnet-gpg-") // the path of its agent's socket may have 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GNUPGHOME", home)
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	gpg := func(arguments ...string) error {
		said, err := exec.CommandContext(t.Context(), "gpg", append([]string{"--batch"}, arguments...)...).CombinedOutput()
		t.Logf("%s", said)
		return err
	}
	if err := gpg("--passphrase", "", "--quick-generate-key", signer, "ed25519", "sign", "never"); err != nil {
		t.Fatal(err)
	}
	return gpg
}

// TestSignedCollection installs the artifact that the lint tier has built, and has ansible-galaxy compare that with its
// signature.
func TestSignedCollection(t *testing.T) {
	artifact := os.Getenv("HOSTNET_ARTIFACT")
	if artifact == "" {
		t.Skip("no artifact is named: the lint tier runs this test")
	}
	content, err := os.ReadFile(artifact)
	if err != nil {
		t.Fatal(err)
	}
	collections := t.TempDir()
	t.Setenv("ANSIBLE_COLLECTIONS_PATH", collections)
	if artifact, err = write(collections, filepath.Base(artifact), content); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), "ansible-galaxy", "collection", "install", "--offline", "-p",
		collections, artifact).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	gpg := newKey(t)
	if _, err := Sign(t.Context(), collections, signer); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys")
	if err := gpg("--output", keys+".gpg", "--export", signer); err != nil {
		t.Fatal(err)
	}
	if err := gpg("--no-default-keyring", "--keyring", keys, "--import", keys+".gpg"); err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Glob(filepath.Join(collections, "*.MANIFEST.json.asc"))
	if err != nil || len(manifests) != 1 {
		t.Fatalf("%v: %v", manifests, err)
	}
	for signature, right := range map[string]bool{manifests[0]: true, filepath.Join(collections, sumsFile+".asc"): false} {
		command := exec.CommandContext(t.Context(), "ansible-galaxy", "collection", "verify", "hostnet.linux", "--offline",
			"-p", collections, "--keyring", keys, "--signature", "file://"+signature, "--required-valid-signature-count", "+1")
		if said, err := command.CombinedOutput(); (err == nil) != right {
			t.Errorf("%s: %v\n%s", signature, err, said)
		}
	}
}
