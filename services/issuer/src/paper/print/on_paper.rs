//! From signed vouchers to what is drawn; encoding QR codes is most of the work of a print, so all processors share it.

use std::num::NonZeroUsize;

use catalogue::Programme;
use voucher::{Host, Qr, QrLevel};

use super::{Press, SignedVoucher, ToPrint};
use crate::{paper::booklets::Paper, paper::booklets::PaperVoucher, paper::print::PrintError};

/// Vouchers signed and encoded, in order, in booklets.
pub(crate) fn paper(programme: &Programme, to_print: &ToPrint, press: &Press) -> Result<Paper, PrintError> {
    let signed: Vec<SignedVoucher> = to_print.signed(&press.keys).collect::<Result<_, _>>()?;
    Ok(paper_of(programme, to_print, &signed))
}

/// The same for vouchers that are signed already.
pub(crate) fn paper_of(programme: &Programme, to_print: &ToPrint, signed: &[SignedVoucher]) -> Paper {
    let qrs = encoded(signed, &to_print.settings.host);
    let mut booklets: Vec<(u32, Vec<PaperVoucher>)> = Vec::new();
    for (voucher, qr) in signed.iter().zip(qrs) {
        let on_paper = PaperVoucher {
            serial: voucher.serial,
            short_code: voucher.id.short_code(),
            qr,
        };
        match booklets.last_mut() {
            Some((booklet, vouchers)) if *booklet == voucher.booklet => vouchers.push(on_paper),
            _ => booklets.push((voucher.booklet, vec![on_paper])),
        }
    }
    Paper {
        programme: programme.name.clone(),
        face_value: to_print.batch.face_value,
        printed_day: programme.printed_day,
        format: to_print.format,
        contact: to_print.settings.contact.clone(),
        partners: to_print.settings.partners.clone(),
        logos: to_print.settings.logos,
        host: to_print.settings.host.clone(),
        series: to_print.batch.series,
        specimen: false,
        booklets,
    }
}

/// One QR code a voucher, in order, on all processors.
fn encoded(signed: &[SignedVoucher], host: &Host) -> Vec<Qr> {
    let share = signed.len().div_ceil(processors()).max(1);
    let encode = |part: &[SignedVoucher]| -> Vec<Qr> {
        part.iter()
            .map(|voucher| Qr::new(&voucher.token, host, QrLevel::Quartile))
            .collect()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = signed
            .chunks(share)
            .map(|part| scope.spawn(move || encode(part)))
            .collect();
        let joined = parts
            .into_iter()
            .map(|part| part.join().expect("every token fits its symbol"));
        joined.flatten().collect()
    })
}

/// Processors that this process may use.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
