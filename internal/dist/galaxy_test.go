package dist

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// galaxyToken is what the server wants of those who publish.
const galaxyToken = "secret-of-the-test"

// galaxy is as much of Galaxy's API v3 as ansible-galaxy asks for (lib/ansible/galaxy/api.py), on loopback.
type galaxy struct {
	*httptest.Server
	artifacts map[string]string // by version
	lock      sync.Mutex
	published []byte
}

func newGalaxy(t *testing.T, artifacts map[string]string) *galaxy {
	t.Helper()
	one := &galaxy{artifacts: artifacts}
	routes := http.NewServeMux()
	const collection = "/api/v3/collections/hostnet/linux/"
	answer := func(pattern string, what func(*http.Request) any) {
		routes.HandleFunc(pattern, func(out http.ResponseWriter, request *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(out).Encode(what(request))
		})
	}
	answer("GET /api/{$}", func(*http.Request) any {
		return map[string]any{"available_versions": map[string]string{"v3": "v3/"}}
	})
	answer("GET "+collection+"{$}", func(*http.Request) any { return map[string]string{"name": "linux"} })
	answer("GET "+collection+"versions/{$}", func(*http.Request) any {
		versions := []map[string]string{}
		for version := range artifacts {
			versions = append(versions, map[string]string{"version": version})
		}
		return map[string]any{"meta": map[string]int{"count": len(versions)}, "links": map[string]any{"next": nil},
			"data": versions}
	})
	answer("GET "+collection+"versions/{version}/{$}", func(request *http.Request) any {
		version := request.PathValue("version")
		sum, _, _ := hashFile(artifacts[version])
		return map[string]any{
			"version": version, "namespace": map[string]string{"name": "hostnet"}, "signatures": []string{},
			"collection": map[string]string{"name": "linux"}, "artifact": map[string]string{"sha256": sum},
			"href": request.URL.Path, "download_url": one.URL + "/download/" + version, "metadata": map[string]any{"dependencies": map[string]string{}},
		}
	})
	routes.HandleFunc("GET /download/{version}", func(out http.ResponseWriter, request *http.Request) {
		http.ServeFile(out, request, artifacts[request.PathValue("version")])
	})
	routes.HandleFunc("POST /api/v3/artifacts/collections/{$}", one.publish)
	answer("GET /api/v3/imports/collections/1/{$}", func(*http.Request) any {
		return map[string]any{"state": "completed", "finished_at": "2026-01-01T00:00:00Z", "messages": []string{}}
	})
	one.Server = httptest.NewServer(routes)
	t.Cleanup(one.Close)
	return one
}

// publish takes an artifact from one who has the token.
func (g *galaxy) publish(out http.ResponseWriter, request *http.Request) {
	if request.Header.Get("Authorization") != "Token "+galaxyToken {
		http.Error(out, "{}", http.StatusForbidden)
		return
	}
	file, _, err := request.FormFile("file")
	if err != nil {
		http.Error(out, "{}", http.StatusBadRequest)
		return
	}
	// Whoever sends it says so in the part's header (Content-Transfer-Encoding), which Go leaves to us.
	content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, file))
	if err != nil {
		http.Error(out, "{}", http.StatusBadRequest)
		return
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	g.published = content
	out.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(out, `{"task": "/api/v3/imports/collections/1/"}`)
}

// wantPublished compares what was published with a file.
func (g *galaxy) wantPublished(t *testing.T, artifact string) {
	t.Helper()
	g.lock.Lock()
	defer g.lock.Unlock()
	content, err := os.ReadFile(artifact)
	if err != nil || string(content) != string(g.published) {
		t.Errorf("%d bytes were published of %d: %v", len(g.published), len(content), err)
	}
}

// writeSettings is an ansible.cfg with both servers that the documentation names.
func (g *galaxy) writeSettings(t *testing.T, folder string) {
	t.Helper()
	var text strings.Builder
	text.WriteString("[galaxy]\nserver_list = galaxy, automation_hub\n")
	for _, name := range []string{"galaxy", "automation_hub"} {
		text.WriteString("[galaxy_server." + name + "]\nurl = " + g.URL + "/api/\ntoken = " + galaxyToken + "\n")
	}
	if err := os.WriteFile(filepath.Join(folder, "ansible.cfg"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
