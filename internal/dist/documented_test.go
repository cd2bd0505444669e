package dist

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var (
	console        = regexp.MustCompile("(?ms)^ *```console\n(.*?)^ *```$")
	inSentence     = regexp.MustCompile("`([a-z][^`\n]*)`")
	documentedYAML = regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```$")
	comment        = regexp.MustCompile(" +#.*")
)

// documents are the texts for readers, by file.
func documents(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("%v: %v", files, err)
	}
	out := map[string]string{}
	for _, file := range append(files, "../../README.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(file)] = string(text)
	}
	return out
}

// commandsOf are the commands of a program in the documentation, in consoles and in sentences, each once.
func commandsOf(t *testing.T, program string) []string {
	t.Helper()
	var out []string
	for _, text := range documents(t) {
		var lines []string
		for _, match := range inSentence.FindAllStringSubmatch(text, -1) {
			lines = append(lines, match[1])
		}
		for _, match := range console.FindAllStringSubmatch(text, -1) {
			lines = append(lines, strings.Split(match[1], "\n")...)
		}
		for _, line := range lines {
			command := strings.TrimSpace(comment.ReplaceAllString(line, ""))
			if strings.HasPrefix(command, program+" ") {
				out = append(out, command)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// blockOf is the one example in YAML of a page that has that text.
func blockOf(t *testing.T, page, part string) string {
	t.Helper()
	var found []string
	for _, match := range documentedYAML.FindAllStringSubmatch(documents(t)[page], -1) {
		if strings.Contains(match[1], part) {
			found = append(found, match[1])
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d examples with %q", page, len(found), part)
	}
	return found[0]
}

// TestDocumentedTargets has make itself read every target that the documentation names.
func TestDocumentedTargets(t *testing.T) {
	found := commandsOf(t, "make")
	if len(found) < 8 {
		t.Errorf("only %q were found in the documentation", found)
	}
	help, err := exec.CommandContext(t.Context(), "make", "--directory=../..", "--no-print-directory", "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range found {
		words := strings.Fields(command)
		if !strings.Contains(string(help), "make "+words[1]+" ") {
			t.Errorf("`%s`: make help does not list it", command)
		}
		said, err := exec.CommandContext(t.Context(), "make", append([]string{"--directory=../..", "--dry-run"},
			words[1:]...)...).CombinedOutput()
		if err != nil {
			t.Errorf("`%s`: %v\n%s", command, err, said)
		}
	}
}

// release is a folder as a reader of the documentation has it: what was downloaded, and what it is compared with.
type release struct {
	folder, artifact, version string
	server                    *galaxy
}

// newRelease signs the artifact that the lint tier has built, and offers it beside one that is older.
func newRelease(t *testing.T) release {
	t.Helper()
	artifact := os.Getenv("HOSTNET_ARTIFACT")
	if artifact == "" {
		t.Skip("no artifact is named: the lint tier runs this test")
	}
	collection, err := readInfo("../..")
	if err != nil {
		t.Fatal(err)
	}
	one := release{folder: t.TempDir(), version: collection.Version}
	content, err := os.ReadFile(artifact)
	if err != nil {
		t.Fatal(err)
	}
	if one.artifact, err = write(one.folder, filepath.Base(artifact), content); err != nil {
		t.Fatal(err)
	}
	gpg := newKey(t)
	if _, err := Sign(t.Context(), one.folder, signer); err != nil {
		t.Fatal(err)
	}
	exported := filepath.Join(one.folder, "exported")
	if err := gpg("--output", exported, "--export", signer); err != nil {
		t.Fatal(err)
	}
	if err := gpg("--no-default-keyring", "--keyring", filepath.Join(one.folder, "KEYRING"), "--import", exported); err != nil {
		t.Fatal(err)
	}
	one.server = newGalaxy(t, map[string]string{one.version: one.artifact, "0.9.0": olderArtifact(t, collection)})
	one.server.writeSettings(t, one.folder)
	requirements := blockOf(t, "README.md", "collections:")
	if err := os.WriteFile(filepath.Join(one.folder, "requirements.yml"), []byte(requirements), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", filepath.Join(one.folder, "build")); err != nil {
		t.Fatal(err)
	}
	return one
}

// olderArtifact is an artifact without any content.
func olderArtifact(t *testing.T, collection info) string {
	t.Helper()
	collection.Version = "0.9.0"
	files, manifest, err := manifests(collection, []entry{folderEntry(".")})
	if err != nil {
		t.Fatal(err)
	}
	packed, err := compress([]item{{name: "MANIFEST.json", mode: 0o644, content: manifest},
		{name: "FILES.json", mode: 0o644, content: files}})
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := write(t.TempDir(), "hostnet-linux-0.9.0.tar.gz", packed)
	if err != nil {
		t.Fatal(err)
	}
	return artifact
}

// run runs a command of the documentation where the release is, with collections in a folder of their own.
func (r release) run(t *testing.T, collections, command string) {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(command, "VERSION", r.version))
	shell.Dir = r.folder
	shell.Env = append(os.Environ(), "ANSIBLE_COLLECTIONS_PATH="+collections, "ANSIBLE_CONFIG="+r.folder+"/ansible.cfg",
		"ANSIBLE_GALAXY_CACHE_DIR="+collections, "ANSIBLE_LOCAL_TEMP="+collections+"/tmp")
	if said, err := shell.CombinedOutput(); err != nil {
		t.Errorf("`%s`: %v\n%s", command, err, said)
	}
}

// TestDocumentedInstallation runs every command of the documentation that gets, compares and publishes the collection,
// with the artifact that the lint tier has built; a server of the test stands for Galaxy and Automation Hub.
func TestDocumentedInstallation(t *testing.T) {
	one := newRelease(t)
	found := slices.Concat(commandsOf(t, "gpg"), commandsOf(t, "sha256sum"), commandsOf(t, "ansible-galaxy"))
	t.Logf("%q", found)
	if len(found) < 8 {
		t.Errorf("only %q were found in the documentation", found)
	}
	for _, command := range found {
		t.Run(command, func(t *testing.T) {
			collections := t.TempDir()
			installs := strings.Contains(command, " install ")
			switch {
			case strings.Contains(command, " --upgrade"):
				one.run(t, collections, "ansible-galaxy collection install hostnet.linux:0.9.0")
			case strings.Contains(command, " verify "):
				one.run(t, collections, "ansible-galaxy collection install --offline "+one.artifact)
				command = strings.Replace(command, "FILE", one.signature(), 1)
			}
			one.run(t, collections, command)
			manifest, err := os.ReadFile(filepath.Join(collections, "ansible_collections/hostnet/linux/MANIFEST.json"))
			if installs && (err != nil || !strings.Contains(string(manifest), `"version": "`+one.version+`"`)) {
				t.Errorf("it is not installed in version %s: %v", one.version, err)
			}
		})
	}
	one.server.wantPublished(t, one.artifact)
}

// signature is what the documentation calls FILE.
func (r release) signature() string {
	return strings.TrimSuffix(r.artifact, ".tar.gz") + ".MANIFEST.json.asc"
}

// TestDocumentedExecutionEnvironment has ansible-builder judge the example, and make what podman builds.
func TestDocumentedExecutionEnvironment(t *testing.T) {
	if os.Getenv("HOSTNET_ARTIFACT") == "" {
		t.Skip("ansible-builder is among the tools of the lint tier, which runs this test")
	}
	folder := t.TempDir()
	example := blockOf(t, "how-to.md", "base_image:")
	var declared struct {
		Images struct {
			Base struct{ Name string } `yaml:"base_image"`
		}
	}
	if err := yaml.Unmarshal([]byte(example), &declared); err != nil || declared.Images.Base.Name == "" {
		t.Fatalf("%+v: %v", declared, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "execution-environment.yml"), []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	create := exec.CommandContext(t.Context(), "ansible-builder", "create",
		"--output-filename=Containerfile")
	create.Dir = folder
	if said, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for file, want := range map[string]string{
		"Containerfile": fmt.Sprintf(`"%s"`, declared.Images.Base.Name), "_build/requirements.yml": "hostnet.linux",
		"_build/bindep.txt": "openssh-clients",
	} {
		text, err := os.ReadFile(filepath.Join(folder, "context", file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v: there is no %s in\n%s", file, err, want, text)
		}
	}
}
