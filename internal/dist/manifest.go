package dist

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// info is galaxy.yml, and collection_info in MANIFEST.json.
type info struct {
	Namespace     string            `yaml:"namespace" json:"namespace"`
	Name          string            `yaml:"name" json:"name"`
	Version       string            `yaml:"version" json:"version"`
	Authors       []string          `yaml:"authors" json:"authors"`
	Readme        string            `yaml:"readme" json:"readme"`
	Tags          []string          `yaml:"tags" json:"tags"`
	Description   string            `yaml:"description" json:"description"`
	License       []string          `yaml:"license" json:"license"`
	LicenseFile   *string           `yaml:"license_file" json:"license_file"`
	Dependencies  map[string]string `yaml:"dependencies" json:"dependencies"`
	Repository    string            `yaml:"repository" json:"repository"`
	Documentation string            `yaml:"documentation" json:"documentation"`
	Homepage      string            `yaml:"homepage" json:"homepage"`
	Issues        string            `yaml:"issues" json:"issues"`
}

// entry is one line of FILES.json.
type entry struct {
	Name     string  `json:"name"`
	Type     string  `json:"ftype"`
	SumType  *string `json:"chksum_type"`
	Sum      *string `json:"chksum_sha256"`
	FormatIs int     `json:"format"`
}

// manifestFormat is the version of both files (lib/ansible/galaxy/collection/__init__.py, MANIFEST_FORMAT).
const manifestFormat = 1

func readInfo(root string) (info, error) {
	var out info
	text, err := os.ReadFile(filepath.Join(root, "galaxy.yml"))
	if err != nil {
		return out, err
	}
	if err := yaml.Unmarshal(text, &out); err != nil {
		return out, fmt.Errorf("galaxy.yml: %w", err)
	}
	if out.Namespace == "" || out.Name == "" || out.Version == "" {
		return out, fmt.Errorf("galaxy.yml: namespace, name and version are required")
	}
	if out.Dependencies == nil {
		out.Dependencies = map[string]string{}
	}
	return out, nil
}

func collectionVersion(root string) (string, error) {
	out, err := readInfo(root)
	return out.Version, err
}

// manifests makes FILES.json and MANIFEST.json.
func manifests(collection info, entries []entry) (files, manifest []byte, err error) {
	files, err = json.MarshalIndent(map[string]any{"files": entries, "format": manifestFormat}, "", " ")
	if err != nil {
		return nil, nil, err
	}
	sum := hashBytes(files)
	manifest, err = json.MarshalIndent(map[string]any{
		"collection_info":    collection,
		"file_manifest_file": fileEntry("FILES.json", sum),
		"format":             manifestFormat,
	}, "", " ")
	return files, manifest, err
}

func fileEntry(name, sum string) entry {
	kind := "sha256"
	return entry{Name: name, Type: "file", SumType: &kind, Sum: &sum, FormatIs: manifestFormat}
}

func folderEntry(name string) entry {
	return entry{Name: name, Type: "dir", FormatIs: manifestFormat}
}
