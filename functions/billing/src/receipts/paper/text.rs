//! Text on the paper: which glyphs of the font it is, in which order, and how wide.
//!
//! A line is split into runs of one direction, whose order is that of Unicode's bidirectional algorithm, and each run is shaped:
//! accents sit on their letters, and Arabic letters join. What the font does not have is drawn as its box.

use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::BidiInfo;
use unicode_normalization::char::is_combining_mark;

/// A font of the paper.
pub(super) struct Face {
    font: Font,
    shaper: rustybuzz::Face<'static>,
}

/// Glyphs of one direction, from left to right.
struct Run {
    text: String,
    glyphs: Vec<KrillaGlyph>,
}

impl Run {
    /// The width at size 1.
    fn advance(&self) -> f32 {
        self.glyphs.iter().map(|glyph| glyph.x_advance).sum()
    }
}

impl Face {
    /// The font in these bytes; none where they are none.
    pub(super) fn of(bytes: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(bytes.into(), 0)?, shaper: rustybuzz::Face::from_slice(bytes, 0)? })
    }

    /// How wide a line is.
    pub(super) fn width(&self, line: &str, size: f32) -> f32 {
        self.runs(line).iter().map(Run::advance).sum::<f32>() * size
    }

    /// Draws a line from there to the right, on that baseline.
    pub(super) fn draw(&self, surface: &mut Surface<'_>, line: &str, size: f32, (x, y): (f32, f32)) {
        let mut x = x;
        for run in self.runs(line) {
            surface.draw_glyphs(Point::from_xy(x, y), &run.glyphs, self.font.clone(), &run.text, size, false);
            x += run.advance() * size;
        }
    }

    /// The text in lines that are no wider than that, broken at blanks and, where a word is wider than a line, within it.
    pub(super) fn lines(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()) {
            let Some(last) = lines.last_mut() else { break };
            let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
            if self.width(&longer, size) <= width {
                *last = longer;
                continue;
            }
            let pieces = self.pieces(word, size, width);
            if last.is_empty() {
                lines.pop();
            }
            lines.extend(pieces);
        }
        lines
    }

    /// A word in pieces that each fit. An accent stays with its letter.
    fn pieces(&self, word: &str, size: f32, width: f32) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for character in word.chars() {
            let Some(last) = pieces.last_mut() else { break };
            last.push(character);
            if self.width(last, size) > width && last.chars().count() > 1 && !is_combining_mark(character) {
                last.pop();
                pieces.push(character.to_string());
            }
        }
        pieces
    }

    fn runs(&self, line: &str) -> Vec<Run> {
        let info = BidiInfo::new(line, None);
        let Some(paragraph) = info.paragraphs.first() else { return Vec::new() };
        let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
        let shaped = runs.into_iter().filter_map(|range| {
            let is_right_to_left = levels.get(range.start)?.is_rtl();
            Some(self.shape(line.get(range)?, is_right_to_left))
        });
        shaped.collect()
    }

    fn shape(&self, text: &str, is_right_to_left: bool) -> Run {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if is_right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = rustybuzz::shape(&self.shaper, &[], buffer);
        let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        starts.push(text.len());
        starts.sort_unstable();
        starts.dedup();
        #[expect(clippy::cast_precision_loss, reason = "units of a font are small")]
        let em = |units: i32| units as f32 / self.font.units_per_em();
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).map(|(info, at)| {
            let start = info.cluster as usize;
            let end = starts.iter().copied().find(|end| *end > start).unwrap_or(text.len());
            let id = GlyphId::new(info.glyph_id);
            KrillaGlyph::new(
                id,
                em(at.x_advance),
                em(at.x_offset),
                em(at.y_offset),
                em(at.y_advance),
                start..end,
                None,
            )
        });
        Run { glyphs: glyphs.collect(), text: text.to_owned() }
    }

    /// How many of the text's glyphs are boxes.
    #[cfg(test)]
    pub(super) fn boxes(&self, line: &str) -> usize {
        let runs = self.runs(line);
        runs.iter().flat_map(|run| &run.glyphs).filter(|glyph| glyph.glyph_id.to_u32() == 0).count()
    }

    /// The glyphs from left to right.
    #[cfg(test)]
    fn ids(&self, line: &str) -> Vec<u32> {
        self.runs(line).iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.glyph_id.to_u32()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face() -> Face {
        Face::of(dejavu::sans::regular()).unwrap()
    }

    #[test]
    fn the_font_has_the_letters_of_the_names_of_here_and_no_boxes() {
        for name in [
            "Conceição Araújo Antônio Müller Nuñez",
            "Łukasz Đorđe Şükrü",
            "Νίκος",
            "Иван",
            "محمد",
            "דוד",
            "R$ € ªº",
        ] {
            assert_eq!(face().boxes(name), 0, "{name}");
        }
    }

    #[test]
    fn what_the_font_does_not_have_is_drawn_as_boxes() {
        assert_eq!(face().boxes("王小明"), 3);
        assert_eq!(face().boxes("Ana 王"), 1);
        assert!(face().width("王", 10.0) > 0.0);
    }

    #[test]
    fn an_accent_takes_no_room_of_its_own() {
        let (face, plain) = (face(), "q");
        // There is no single character for this.
        assert!((face.width("q\u{303}", 10.0) - face.width(plain, 10.0)).abs() < 0.01);
        assert_eq!(face.ids("a\u{303}").len(), face.ids("ã").len());
    }

    #[test]
    fn what_is_read_from_right_to_left_is_laid_out_so() {
        let face = face();
        let (first, second) = (face.ids("א")[0], face.ids("ב")[0]);
        assert_eq!(face.ids("אב"), [second, first]);
        let mixed = face.ids("A אב");
        assert_eq!((mixed[0], &mixed[mixed.len() - 2..]), (face.ids("A")[0], &[second, first][..]));
    }

    #[test]
    fn lines_fit_and_lose_no_letter() {
        let face = face();
        for text in [
            "W".repeat(255),
            "uma palavra e outra ".repeat(20),
            "i".repeat(500),
            "e\u{301}\u{302}".repeat(200),
        ] {
            let lines = face.lines(&text, 10.0, 300.0);
            assert!(lines.iter().all(|line| face.width(line, 10.0) <= 300.0 + 10.0), "{text}");
            let letters = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(&text));
            assert!(lines.iter().all(|line| !line.starts_with(is_combining_mark)), "{text}");
        }
        assert_eq!(face.lines("", 10.0, 300.0), [""]);
    }
}
