// Package text reads texts to be classified: from a folder per class, or from
// columns of a CSV file.
package text

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/inflame-deeplearning/sweep/artifact"
	"github.com/inflame-deeplearning/sweep/sweep"
	"github.com/inflame-deeplearning/sweep/sweep/schema"
)

// Config is the data "text" block.
type Config struct {
	_         struct{} `doc:"Texts to be classified, as hashed TF-IDF features: a folder per class of .txt files (or train/, val/ and test/ folders of those), or a CSV file."`
	Path      string   `hcl:"path" doc:"The folder, or the .csv file." required:"true"`
	Label     string   `hcl:"label" doc:"The label's column of a CSV file: its name, or its number from 1." default:"1"`
	Text      []string `hcl:"text" doc:"The text's columns, names or numbers, joined; all but the label's where not given." default:"[]"`
	Header    string   `hcl:"header" doc:"Whether a CSV file begins with the columns' names; auto: where no cell of its first row is empty or a number." oneof:"auto,true,false" default:"auto"`
	Features  int      `hcl:"features" doc:"Buckets that words are hashed into." default:"4096" min:"16" max:"1048576"`
	NGrams    int      `hcl:"ngrams" doc:"Longest run of words that is a feature of its own." default:"1" min:"1" max:"5"`
	Separator string   `hcl:"separator" doc:"What stands between a CSV file's cells; one character." default:","`
	artifact.Splitting
}

// New is the source of such texts.
func New(_ sweep.Spec, c Config) (artifact.Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if _, err := artifact.NewTableReader(strings.NewReader(""), c.Separator); err != nil {
		return nil, err
	}
	return source{c}, nil
}

type source struct{ Config }

func (s source) Inputs() ([]string, error) { return []string{s.Path}, nil }

func (s source) Read(ctx context.Context, b *artifact.Builder) error {
	b.Texts(artifact.TextEncoding{Features: s.Features, NGrams: s.NGrams})
	info, err := os.Stat(s.Path)
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	if info.IsDir() {
		return s.readFolders(ctx, b)
	}
	return s.readTable(ctx, b)
}

func (s source) readFolders(ctx context.Context, b *artifact.Builder) error {
	found := 0
	for file, err := range artifact.Files(s.Path) {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		class, split := artifact.ClassOf(file.Name)
		if class == "" || !strings.EqualFold(filepath.Ext(file.Name), ".txt") {
			continue
		}
		found++
		content, err := os.ReadFile(file.Path)
		if err == nil && !utf8.Valid(content) {
			err = fmt.Errorf("%s is not UTF-8 text", file.Path)
		}
		if err != nil {
			if err := b.Skip(fmt.Errorf("read text: %w", err)); err != nil {
				return err
			}
			continue
		}
		b.Text(string(content), class, split)
	}
	if found == 0 {
		return fmt.Errorf("there is no .txt file in a class folder of %s: expected are CLASS/NAME.txt or train/CLASS/NAME.txt in it", s.Path)
	}
	return nil
}

func (s source) readTable(ctx context.Context, b *artifact.Builder) error {
	f, err := os.Open(s.Path)
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	r, err := artifact.NewTableReader(f, s.Separator)
	if err != nil {
		return err
	}
	var names []string
	label := -1
	var texts []int
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.Path, err)
		}
		line, _ := r.FieldPos(0)
		if first {
			header := s.Header == "true" || s.Header == "auto" && artifact.IsHeader(cells, nil)
			names = make([]string, len(cells))
			for i := range cells {
				if names[i] = strconv.Itoa(i + 1); header {
					names[i] = strings.TrimSpace(cells[i])
				}
			}
			if label, texts, err = s.columns(names); err != nil {
				return err
			}
			if header {
				continue
			}
		}
		if len(cells) != len(names) {
			if err := b.Skip(fmt.Errorf("%s, row %d: it has %d cells, the table has %d columns", s.Path, line, len(cells), len(names))); err != nil {
				return err
			}
			continue
		}
		class := strings.TrimSpace(cells[label])
		if class == "" {
			if err := b.Skip(fmt.Errorf("%s, row %d: its label is empty", s.Path, line)); err != nil {
				return err
			}
			continue
		}
		parts := make([]string, len(texts))
		for i, column := range texts {
			parts[i] = cells[column]
		}
		b.Text(strings.Join(parts, "\n"), class, "")
	}
}

// columns are the positions of the label and the texts.
func (s source) columns(names []string) (label int, texts []int, err error) {
	find := func(name string) (int, error) {
		if i := slices.Index(names, name); i >= 0 {
			return i, nil
		}
		if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(names) {
			return n - 1, nil
		}
		return 0, fmt.Errorf("column %s", schema.Unknown(name, names))
	}
	if label, err = find(s.Label); err != nil {
		return 0, nil, err
	}
	for _, name := range s.Text {
		i, err := find(name)
		if err != nil {
			return 0, nil, err
		}
		texts = append(texts, i)
	}
	for i := range names {
		if len(s.Text) == 0 && i != label {
			texts = append(texts, i)
		}
	}
	return label, texts, nil
}
