package diagram

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sheet are the rules of a style sheet: properties by selector.
type sheet map[string]map[string]string

var rule = regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`)

// sheets are the light style and the dark one, which has the light one's rules where it has none of its own.
func sheets() map[string]sheet {
	light, dark, _ := strings.Cut(style, "@media (prefers-color-scheme:dark){")
	out := map[string]sheet{"light": {}, "dark": {}}
	read := func(text string, names ...string) {
		for _, match := range rule.FindAllStringSubmatch(text, -1) {
			for selector := range strings.SplitSeq(strings.TrimSpace(match[1]), ",") {
				for declaration := range strings.SplitSeq(match[2], ";") {
					property, value, _ := strings.Cut(declaration, ":")
					for _, name := range names {
						if out[name][selector] == nil {
							out[name][selector] = map[string]string{}
						}
						out[name][selector][property] = value
					}
				}
			}
		}
	}
	read(light, "light", "dark")
	read(strings.TrimSuffix(strings.TrimSpace(dark), "}"), "dark")
	return out
}

// fill is the colour of the first of the selectors that has one, in parts of one.
func (s sheet) fill(t *testing.T, selectors ...string) [3]float64 {
	t.Helper()
	for _, selector := range selectors {
		value := strings.TrimPrefix(s[selector]["fill"], "#")
		number, err := strconv.ParseUint(value, 16, 32)
		if len(value) != 6 || err != nil {
			continue
		}
		return [3]float64{float64(number>>16) / 255, float64(number>>8&255) / 255, float64(number&255) / 255}
	}
	t.Fatalf("none of %q has a colour", selectors)
	return [3]float64{}
}

// over is a colour that lets so much of what is behind it through.
func over(front, behind [3]float64, opacity float64) [3]float64 {
	for i := range front {
		front[i] = front[i]*opacity + behind[i]*(1-opacity)
	}
	return front
}

// contrast is that of WCAG 2, which asks for 4.5 where text is small.
func contrast(one, other [3]float64) float64 {
	luminance := func(colour [3]float64) float64 {
		for i, part := range colour {
			if part <= 0.04045 {
				colour[i] = part / 12.92
			} else {
				colour[i] = math.Pow((part+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*colour[0] + 0.7152*colour[1] + 0.0722*colour[2]
	}
	a, b := luminance(one), luminance(other)
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// TestColoursAreReadable: every text on what it stands on, light and dark.
func TestColoursAreReadable(t *testing.T) {
	t.Parallel()
	for name, css := range sheets() {
		want := func(what string, text, ground [3]float64) {
			t.Helper()
			if got := contrast(text, ground); got < 4.5 {
				t.Errorf("%s, %s: the contrast is %.1f", name, what, got)
			}
		}
		opacity, err := strconv.ParseFloat(css[".backup .box"]["fill-opacity"], 64)
		if err != nil {
			t.Fatal(err)
		}
		for _, traffic := range append([]string{other}, Traffics...) {
			box := css.fill(t, "."+traffic+" .box")
			want(traffic, css.fill(t, "."+traffic+" text", ".node text"), box)
			want("backup port, "+traffic, css.fill(t, ".node.backup text"), over(box, css.fill(t, ".bond"), opacity))
		}
		want("drift", css.fill(t, ".node text.drift-text"), css.fill(t, ".drift"))
		want("broken", css.fill(t, ".node.broken text"), css.fill(t, ".node.broken .box"))
		for _, ground := range []string{".page", ".host", ".bond", ".band", ".inner"} {
			want("text on "+ground, css.fill(t, "text"), css.fill(t, ground))
		}
		for _, ground := range []string{".band", ".inner"} {
			want("note on "+ground, css.fill(t, ".space-note"), css.fill(t, ground))
		}
		want("end", css.fill(t, ".end-name"), css.fill(t, ".end"))
	}
}
