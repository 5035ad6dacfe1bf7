//! How two spellings of one SKU are found to belong together: for help only, never a key. Spellings that fold alike are the
//! same to a reader, who sees no difference in letter case, in spaces, in how accents are stored, and between letters that
//! look alike.
//!
//! [`plain`] is for searching in what people write: there, accents do not count, and letters of other scripts stay.

use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer,
    DecomposingNormalizerBorrowed,
};

/// What a key of a table may have room for.
const LONGEST: usize = 400;

const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const NFKD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfkd();

/// The spelling under which others are looked for.
pub(crate) fn fold(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .collect();
    let lower = NFKC.normalize(&visible).to_lowercase();
    let alike: String = lower.chars().map(look_alike).collect();
    let mut folded = String::with_capacity(alike.len());
    for letter in NFKC.normalize(&alike).chars() {
        match letter {
            'ß' => folded.push_str("ss"),
            letter if !letter.is_whitespace() => folded.push(letter),
            _ if !folded.ends_with(' ') => folded.push(' '),
            _ => {}
        }
        if folded.len() >= LONGEST {
            break;
        }
    }
    folded.trim().to_owned()
}

/// Lower-case letters without accents and of one width, with everything else where it was.
pub(crate) fn plain(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|letter| !is_invisible(*letter))
        .collect();
    let mut plain = String::with_capacity(visible.len());
    for letter in NFKD.normalize(&visible).to_lowercase().chars() {
        match letter {
            // Accents; those of other scripts' letters make other letters.
            '\u{300}'..='\u{36F}' => {}
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ł' => plain.push('l'),
            'ø' => plain.push('o'),
            'đ' => plain.push('d'),
            'ı' => plain.push('i'),
            letter => plain.push(letter),
        }
    }
    NFKC.normalize(&plain).into_owned()
}

/// How the release before folded: its keys are still stored.
pub(super) fn fold_case(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Zero-width spaces and joiners, soft hyphens, marks of direction, variation selectors.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
    )
}

/// The letter of ASCII that a dash, a quotation mark or a lower-case letter of Greek or Cyrillic looks like, itself or its
/// capital.
fn look_alike(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2BC}' | '\u{2032}' | '`' => '\'',
        '\u{201C}'..='\u{201F}' | '\u{2033}' => '"',
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' => 'c',
        'е' | 'ε' => 'e',
        'н' | 'η' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' | 'μ' => 'm',
        'ν' => 'n',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'у' | 'υ' => 'y',
        'х' | 'χ' => 'x',
        'ζ' => 'z',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_no_eye_tells_apart_fold_alike() {
        let rows = [
            ("Größe-1", "Gro\u{308}ße-1"),
            ("TEA SET", "TEA\u{A0}SET"),
            ("TEA SET", "TEA\u{2009}SET"),
            ("TEA SET", " tea  set "),
            ("lower", "LOWER"),
            ("MUG-1", "ＭＵＧ－１"),
            ("MUG-1", "MUG\u{2011}1"),
            ("MUG-1", "MUG–1"),
            ("MUG-1", "MU\u{AD}G-1"),
            ("MUG-1", "\u{FEFF}MUG\u{200B}-1"),
            ("MUG-1", "\u{200E}MUG-1\u{200F}"),
            ("ABC-1", "АВС-1"),
            ("12'x6\"", "12’x6”"),
            ("STRASSE", "Straße"),
            ("ﬁx", "FIX"),
            ("Å-1", "\u{212B}-1"),
        ];
        for (one, other) in rows {
            assert_eq!(fold(one), fold(other), "{one:?} {other:?}");
        }
        for (one, other) in [("MUG-1", "MUG-2"), ("ŁA", "LA"), ("é", "e"), ("A B", "AB")] {
            assert_ne!(fold(one), fold(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn plain_letters_have_no_accents_no_case_and_one_width() {
        let rows = [
            ("Boîte Postale", "boite postale"),
            ("Boi\u{302}te", "boite"),
            ("ＰＯ　Ｂｏｘ　１２", "po box 12"),
            ("Gönderi Kutusu İZMİR", "gonderi kutusu izmir"),
            ("Łódź, Straße", "lodz, strasse"),
            ("Nº 5", "no 5"),
            ("Τ.Θ. 12", "τ.θ. 12"),
            ("ﾛｯｶｰ", "ロッカー"),
            ("コンビニ", "コンビニ"),
        ];
        for (text, expected) in rows {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn a_folded_spelling_fits_into_a_key() {
        let long = "\u{FDFA}".repeat(53);
        assert!(long.len() <= 160 && fold(&long).len() < LONGEST + 40);
    }
}
