//go:build browser

package main

import (
	"bytes"
	"context"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSiteInBrowser builds the site and has a browser draw every page.
func TestSiteInBrowser(t *testing.T) {
	t.Chdir("../../../../..")
	if err := run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lock sync.Mutex
	var missing []string
	files := http.FileServer(http.Dir("build/site"))
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		if _, err := os.Stat(filepath.Join("build/site", filepath.Clean(request.URL.Path))); err != nil {
			lock.Lock()
			defer lock.Unlock()
			missing = append(missing, request.URL.Path)
		}
		files.ServeHTTP(out, request)
	}))
	defer server.Close()
	pages, err := filepath.Glob("build/site/*/index.html")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%v: %v", pages, err)
	}
	for _, page := range append(pages, "build/site/index.html") {
		folder, err := filepath.Rel("build/site", filepath.Dir(page))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(folder, func(t *testing.T) {
			document := browse(t, server.URL+"/"+strings.TrimSuffix(folder, "."), light)
			for _, want := range []string{"<h1", `class="md-nav__link"`, "md-search"} {
				if !strings.Contains(document, want) {
					t.Errorf("there is no %s in %d bytes", want, len(document))
				}
			}
		})
	}
	for _, page := range []string{"", "command/", "reference/"} {
		t.Run("dark "+page, func(t *testing.T) { browse(t, server.URL+"/"+page, dark) })
	}
	// What the page's search reads; the browser ends before its worker has answered.
	if index, err := os.ReadFile("build/site/search/search_index.json"); err != nil ||
		!bytes.Contains(index, []byte("forward_delay")) {
		t.Errorf("the search finds nothing: %v", err)
	}
	if len(missing) > 0 {
		t.Errorf("pages ask for what there is not: %q", missing)
	}
}

// scheme is what a visitor prefers: what Blink calls it, and how bright a page then is at least and at most.
type scheme struct {
	blink    string
	from, to float64
}

var (
	dark  = scheme{"0", 0, 0.35}
	light = scheme{"1", 0.65, 1}
)

// browse has the browser draw a page, which must not be blank, and returns its document after all scripts.
func browse(t *testing.T, address string, preferred scheme) string {
	t.Helper()
	picture := filepath.Join(t.TempDir(), "page.png")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	document, err := exec.CommandContext(ctx, "chromium-headless-shell", "--no-sandbox", "--disable-gpu",
		"--virtual-time-budget=8000", "--window-size=1280,900", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--blink-settings=preferredColorScheme="+preferred.blink,
		"--user-data-dir="+t.TempDir(), "--screenshot="+picture, "--dump-dom", address).Output()
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	text, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	colors, sum, pixels := map[color.Color]bool{}, 0.0, 0.0
	for y := drawn.Bounds().Min.Y; y < drawn.Bounds().Max.Y; y += 3 {
		for x := drawn.Bounds().Min.X; x < drawn.Bounds().Max.X; x += 3 {
			colors[drawn.At(x, y)] = true
			sum += float64(color.Gray16Model.Convert(drawn.At(x, y)).(color.Gray16).Y)
			pixels++
		}
	}
	if len(colors) < 20 {
		t.Errorf("%s: the page has %d colours", address, len(colors))
	}
	if bright := sum / pixels / math.MaxUint16; bright < preferred.from || bright > preferred.to {
		t.Errorf("%s: the page's brightness is %.2f, which is to be %.2f to %.2f", address, bright, preferred.from,
			preferred.to)
	}
	return string(document)
}
