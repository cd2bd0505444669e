package dist

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Sign makes detached signatures with a key of gpg's: of the sums, which cover all that is released, and of the
// manifest in each artifact of a collection, which `ansible-galaxy collection verify --signature` takes (and `install`
// from Galaxy, not from a file). It returns their files.
func Sign(ctx context.Context, output, key string) ([]string, error) {
	sums := filepath.Join(output, sumsFile)
	if err := sign(ctx, key, sums, sums+".asc"); err != nil {
		return nil, err
	}
	signed := []string{sums + ".asc"}
	artifacts, err := filepath.Glob(filepath.Join(output, "*.tar.gz"))
	if err != nil || len(artifacts) == 0 {
		return nil, errors.Join(fmt.Errorf("%s holds no artifact: run `make dist`", output), err)
	}
	for _, artifact := range artifacts {
		signature := strings.TrimSuffix(artifact, ".tar.gz") + ".MANIFEST.json.asc"
		if err := signManifest(ctx, key, artifact, signature); err != nil {
			return nil, err
		}
		signed = append(signed, signature)
	}
	return signed, nil
}

func signManifest(ctx context.Context, key, artifact, signature string) error {
	manifest, err := readManifest(artifact)
	if err != nil {
		return fmt.Errorf("%s: %w", artifact, err)
	}
	file, err := os.CreateTemp("", "hostnet-manifest-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(manifest)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return sign(ctx, key, file.Name(), signature)
}

// readManifest is MANIFEST.json of an artifact.
func readManifest(artifact string) ([]byte, error) {
	file, err := os.Open(artifact)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if err != nil {
			return nil, fmt.Errorf("MANIFEST.json: %w", err)
		}
		if header.Name == "MANIFEST.json" {
			return io.ReadAll(archive)
		}
	}
}

func sign(ctx context.Context, key, file, signature string) error {
	command := exec.CommandContext(ctx, "gpg", "--batch", "--yes", "--armor", "--local-user", key, "--output", signature,
		"--detach-sign", file)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("gpg cannot sign %s with the key %q: %w\n%s", file, key, err, said)
	}
	return nil
}
