//! The paper of a receipt: a PDF that is drawn from the signed content whenever it is asked for, the same bytes each time. The
//! content is attached to it with its signature, so that whoever has the file and the public key needs nobody else.

mod attachment;
mod in_words;
mod money;
mod text;
mod words;

pub use attachment::attached;

use super::document::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::{Document as Pdf, SerializeSettings};
use qrcodegen::{QrCode, QrCodeEcc};
use shared::failure::Fault;
use text::Face;
use words::Words;

/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 56.0;
/// Where the lines begin that have something before them.
const INDENT: f32 = 120.0;
/// The side of the QR code: three centimetres.
const QR: f32 = 85.0;
/// Sizes of the text, of which the largest is taken at which everything is on the page.
const SIZES: [f32; 6] = [10.5, 9.5, 8.5, 7.5, 6.5, 5.5];

/// How large what stands before a line is, beside it.
const SMALL: f32 = 0.85;

/// Both weights of the paper's font.
struct Faces {
    regular: Face,
    bold: Face,
}

/// Draws the paper.
pub fn draw(document: &Document) -> Result<Vec<u8>, Fault> {
    let content = document.content()?;
    let failed = || Fault::internal("a receipt cannot be drawn");
    let faces = Faces {
        regular: Face::of(dejavu::sans::regular()).ok_or_else(failed)?,
        bold: Face::of(dejavu::sans::bold()).ok_or_else(failed)?,
    };
    let words = words::of(&content);
    let settings = SerializeSettings { enable_tagging: false, ..SerializeSettings::default() };
    let mut pdf = Pdf::new_with(settings);
    let metadata = Metadata::new().title(words.title.clone()).language(content.language.tag().to_owned());
    pdf.set_metadata(metadata.authors(vec![content.clinic.name.clone()]).document_id(content.code.clone()));
    let mut page = pdf.start_page_with(PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(failed)?);
    let mut surface = page.surface();
    let fits = |size: &&f32| {
        lay_out(&faces, &content.clinic.name, &words, &content.link, **size, None) <= PAGE.1 - MARGIN
    };
    let size = SIZES.iter().find(fits).or(SIZES.last()).copied().unwrap_or(1.0);
    lay_out(&faces, &content.clinic.name, &words, &content.link, size, Some(&mut surface));
    draw_qr(&mut surface, &content.link).ok_or_else(failed)?;
    surface.finish();
    page.finish();
    pdf.embed_file(attachment::of(document)?).ok_or_else(failed)?;
    pdf.finish().map_err(|_| failed())
}

/// Puts everything in its place, from top to bottom, and draws it if there is something to draw on. Returns where it ends.
fn lay_out(
    faces: &Faces,
    clinic: &str,
    words: &Words,
    link: &str,
    size: f32,
    surface: Option<&mut Surface<'_>>,
) -> f32 {
    let mut pen = Pen { surface, size, y: MARGIN };
    let full = PAGE.0 - 2.0 * MARGIN;
    pen.paragraph(&faces.bold, clinic, 1.3, MARGIN, full);
    for line in &words.clinic {
        pen.paragraph(&faces.regular, line, 1.0, MARGIN, full);
    }
    pen.y += 2.0 * size;
    let right = PAGE.0 - MARGIN - faces.bold.width(&words.amount, 1.6 * size);
    let before = pen.y;
    pen.paragraph(&faces.bold, &words.amount, 1.6, right, full);
    pen.y = before;
    pen.paragraph(&faces.bold, &words.title, 1.6, MARGIN, right - MARGIN - size);
    pen.y += size;
    for (label, text) in &words.rows {
        let before = pen.y;
        // Both stand on one line, though what is before the text is smaller.
        pen.y += 1.35 * size * (1.0 - SMALL);
        pen.paragraph(&faces.regular, label, SMALL, MARGIN, INDENT);
        pen.y = before;
        pen.paragraph(&faces.regular, text, 1.0, MARGIN + INDENT, full - INDENT);
        pen.y += 0.35 * size;
    }
    pen.y += 2.0 * size;
    let beside = (MARGIN + QR + 14.0, full - QR - 14.0);
    // Beside the QR code, which is at the foot of the page.
    pen.y = pen.y.max(PAGE.1 - MARGIN - QR);
    for line in [words.verify.as_str(), link].into_iter().chain(words.notes.iter().map(String::as_str)) {
        pen.paragraph(&faces.regular, line, 0.75, beside.0, beside.1);
    }
    pen.y
}

/// Where the next line goes.
struct Pen<'a, 'b> {
    surface: Option<&'a mut Surface<'b>>,
    size: f32,
    y: f32,
}

impl Pen<'_, '_> {
    /// Sets a text in lines of that width, at a size in proportion to the page's.
    fn paragraph(&mut self, face: &Face, text: &str, proportion: f32, x: f32, width: f32) {
        let size = self.size * proportion;
        for line in face.lines(text, size, width) {
            self.y += 1.35 * size;
            if let Some(surface) = &mut self.surface {
                face.draw(surface, &line, size, (x, self.y));
            }
        }
    }
}

/// The QR code at the foot of the page.
fn draw_qr(surface: &mut Surface<'_>, link: &str) -> Option<()> {
    let code = QrCode::encode_text(link, QrCodeEcc::Medium).ok()?;
    #[expect(clippy::cast_precision_loss, reason = "a QR code has at most 177 modules")]
    let at = |module: i32| module as f32 * QR / code.size() as f32;
    let mut path = PathBuilder::new();
    for (x, y) in (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y))) {
        if code.get_module(x, y) {
            let corner = Point::from_xy(MARGIN + at(x), PAGE.1 - MARGIN - QR + at(y));
            path.push_rect(Rect::from_xywh(corner.x, corner.y, at(1), at(1))?);
        }
    }
    surface.draw_path(&path.finish()?);
    Some(())
}
