use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use catalogue::Programme;
use chrono::{DateTime, Utc};
use futures_util::Stream;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{PART_BOOKLETS, PrinterFile};
use crate::batches::batch::{self, BatchRow};
use crate::keys::voucher_keys::VoucherKeys;
use crate::paper::booklets::{PaperFormat, booklet_pages, booklets_pdf};
use crate::paper::logos::LogoInk;
use crate::paper::print::{PrintError, SignedVoucher, ToPrint, paper_of, processors};
use crate::paper::settings::Settings;

/// After this many seconds in which the client takes nothing, the work is given up.
const STALLED_SECONDS: u64 = 120;

/// Bytes handed to the connection at once, and how many such pieces may wait.
const PIECE_BYTES: usize = 64 << 10;
const PIECES_WAITING: usize = 4;

/// An archive to be written.
pub(crate) struct Job {
    pub pool: PgPool,
    pub programme: Programme,
    pub batch: BatchRow,
    pub settings: Settings,
    pub file: PrinterFile,
    pub keys: VoucherKeys,
    pub at: DateTime<Utc>,
    /// Kept until the end: how many archives are written side by side is limited.
    pub permit: Arc<OwnedSemaphorePermit>,
}

/// One part, drawn.
struct Part {
    booklets: RangeInclusive<u32>,
    pdf: Vec<u8>,
    csv: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
enum ArchiveError {
    #[error("print")]
    Print(#[from] PrintError),
    #[error("the client went away")]
    Gone(#[from] io::Error),
    #[error("zip")]
    Zip(#[from] zip::result::ZipError),
    #[error("{0} vouchers were expected")]
    Missing(usize),
}

/// Starts to write; the pieces end with an error, not with an end, when the archive is not whole.
pub(crate) fn start(job: Job) -> impl Stream<Item = Result<Bytes, io::Error>> + Send + use<> {
    let (to, mut from) = mpsc::channel::<Result<Bytes, io::Error>>(PIECES_WAITING);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let _permit = Arc::clone(&job.permit);
        let broken = Arc::new(AtomicBool::new(false));
        let sink = Sink {
            to: to.clone(),
            runtime: runtime.clone(),
            piece: Vec::with_capacity(PIECE_BYTES),
            broken: Arc::clone(&broken),
        };
        let mut zip = ZipWriter::new_stream(sink);
        match write(&job, &runtime, &mut zip) {
            Ok(()) => {}
            Err(error) => {
                // Dropping the writer would end the archive as if it were whole.
                broken.store(true, Ordering::Relaxed);
                drop(zip);
                match error {
                    ArchiveError::Gone(_) => {
                        tracing::info!(print = %job.file.id, "the printer's file was not fetched to its end");
                    }
                    other => {
                        tracing::error!(print = %job.file.id, error = &other as &dyn std::error::Error, "the printer's file broke off");
                    }
                }
                let _ = runtime.block_on(to.send(Err(io::Error::other("broken off"))));
                return;
            }
        }
        let end = zip.finish().map_err(ArchiveError::from);
        if let Err(error) = end.and_then(|sink| Ok(sink.into_inner().send()?)) {
            tracing::info!(
                error = &error as &dyn std::error::Error,
                "the end of a printer's file was not sent"
            );
            broken.store(true, Ordering::Relaxed);
            let _ = runtime.block_on(to.send(Err(io::Error::other("broken off"))));
        }
    });
    futures_util::stream::poll_fn(move |context| from.poll_recv(context))
}

type Archive = ZipWriter<zip::write::StreamWriter<Sink>>;

fn write(job: &Job, runtime: &Handle, zip: &mut Archive) -> Result<(), ArchiveError> {
    let mut sums = String::new();
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    // A PDF is compressed inside.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    add(zip, &mut sums, "LISEZ-MOI.txt", deflated, read_me(job)?.as_bytes())?;
    let parts = parts(job.file.from..=job.file.to);
    std::thread::scope(|scope| {
        let draw_round = |round: &[RangeInclusive<u32>]| {
            let drawn = round
                .iter()
                .cloned()
                .map(|booklets| scope.spawn(move || draw(job, runtime, booklets)));
            drawn.collect::<Vec<_>>()
        };
        let mut rounds = parts.chunks(processors());
        let mut drawing = rounds.next().map(draw_round);
        while let Some(round) = drawing.take() {
            let drawn: Vec<_> = round
                .into_iter()
                .map(|part| part.join().expect("drawing does not panic"))
                .collect();
            // The next round is drawn while this one is sent.
            drawing = rounds.next().map(draw_round);
            for part in drawn {
                let part = part?;
                let (from, to) = (part.booklets.start(), part.booklets.end());
                add(
                    zip,
                    &mut sums,
                    &format!("carnets-{from:06}-{to:06}.pdf"),
                    stored,
                    &part.pdf,
                )?;
                add(
                    zip,
                    &mut sums,
                    &format!("cheques-{from:06}-{to:06}.csv"),
                    deflated,
                    &part.csv,
                )?;
            }
        }
        Ok::<(), ArchiveError>(())
    })?;
    let all = sums.clone();
    add(zip, &mut sums, "SHA256SUMS", deflated, all.as_bytes())
}

/// Reads, signs and draws one part.
fn draw(job: &Job, runtime: &Handle, booklets: RangeInclusive<u32>) -> Result<Part, ArchiveError> {
    let kept = "the hand-over names booklets of its batch";
    let first = job.batch.serials_of(*booklets.start()).expect(kept);
    let last = job.batch.serials_of(*booklets.end()).expect(kept);
    let serials = *first.start()..=*last.end();
    let vouchers = runtime
        .block_on(batch::vouchers(&job.pool, &job.batch, &serials))
        .map_err(PrintError::from)?;
    let wanted = serials.count();
    if vouchers.len() != wanted {
        return Err(ArchiveError::Missing(wanted));
    }
    let to_print = ToPrint {
        batch: job.batch.clone(),
        format: job.file.format,
        settings: job.settings.clone(),
        vouchers,
    };
    let signed: Vec<SignedVoucher> = to_print.signed(&job.keys).collect::<Result<_, _>>()?;
    let csv = to_print.csv_of(&signed, &job.settings.host);
    let paper = paper_of(&job.programme, &to_print, &signed);
    let pdf = booklets_pdf(&[paper], job.at)?;
    Ok(Part { booklets, pdf, csv })
}

fn parts(booklets: RangeInclusive<u32>) -> Vec<RangeInclusive<u32>> {
    let (first, last) = (*booklets.start(), *booklets.end());
    let step = usize::try_from(PART_BOOKLETS).expect("a part is small");
    let starts = (first..=last).step_by(step);
    starts
        .map(|from| from..=last.min(from.saturating_add(PART_BOOKLETS - 1)))
        .collect()
}

fn add(
    zip: &mut Archive,
    sums: &mut String,
    name: &str,
    options: SimpleFileOptions,
    bytes: &[u8],
) -> Result<(), ArchiveError> {
    zip.start_file(name, options)?;
    zip.write_all(bytes)?;
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    // As `sha256sum --check` reads it.
    writeln!(sums, "{digest}  {name}").expect("a String takes every write");
    Ok(())
}

/// What the printer has to know, counted from what is drawn.
fn read_me(job: &Job) -> Result<String, ArchiveError> {
    let PrinterFile { from, to, vouchers, .. } = job.file;
    let booklets = to - from + 1;
    let nothing = ToPrint {
        batch: job.batch.clone(),
        format: job.file.format,
        settings: job.settings.clone(),
        vouchers: Vec::new(),
    };
    let size = job.batch.booklet_size;
    let whole = usize::try_from(size).expect("a booklet is small");
    let paper = paper_of(&job.programme, &nothing, &[]);
    let each = u64::try_from(booklet_pages(&paper, whole).map_err(PrintError::from)?).expect("a booklet is small");
    let mut files = String::new();
    for part in parts(from..=to) {
        let (first, last) = (part.start(), part.end());
        let count = last - first + 1;
        let pages = u64::from(count) * each;
        writeln!(
            files,
            "- carnets-{first:06}-{last:06}.pdf : {pages} pages, {count} carnets ;"
        )
        .expect("a String takes every write");
    }
    Ok(format!(
        "CHÈQUES CULTURE NUMÉRIQUE : FICHIER POUR L'IMPRIMEUR\n\n\
         Dispositif : {programme}\nLot : {batch}\nCarnets : {from} à {to} ({booklets} carnets, {vouchers} chèques)\n\n\
         Le travail\n\
         - Format : A4 en hauteur (210 × 297 mm), {format}.\n\
         - Pages : {each} par carnet, {pages} en tout.\n\
         - Feuilles : {each} par carnet, {pages} en tout (recto seul : une page, une feuille).\n\
         - Encre : {ink}\n\
         - Papier : blanc mat, 100 g au moins.\n\n\
         Ce dossier contient\n\
         {files}\
         - autant de fichiers cheques-….csv : les mêmes chèques en tableau, pour votre propre mise en page ;\n\
         - SHA256SUMS : les empreintes. Vérifiez avec « sha256sum --check SHA256SUMS ».\n\n\
         Comment imprimer\n\
         - RECTO SEUL, à 100 % : pas d'ajustement à la page. 300 points par pouce au moins.\n\
         - Un carnet : ses {each} feuilles dans l'ordre du fichier, la couverture d'abord. Agrafez à gauche, deux agrafes dans la marge.\n\
         - NE DÉCOUPEZ PAS les chèques et ne séparez pas la couverture : la personne garde son carnet entier et découpe elle-même un\n  \
         chèque au moment de le donner. Les repères sont pour ses ciseaux.\n\
         - Aucun pli, aucune perforation, aucune agrafe dans un code QR ni dans un code à taper.\n\n\
         Sécurité\n\
         - Chaque code QR de chèque vaut de l'argent dès que le carnet est remis à une personne : gardez ces fichiers et ces\n  \
         feuilles sous clé, ne les envoyez pas par courriel, détruisez les feuilles ratées et les fichiers après le tirage.\n\
         - Le code QR de la couverture n'est pas un chèque : il sert à retrouver le carnet.\n\
         - Un carton perdu ou volé : prévenez tout de suite le commanditaire, il bloque les carnets.\n",
        format = match job.file.format {
            PaperFormat::Sheet => "mise en page ordinaire",
            PaperFormat::LargePrint => "mise en page en grands caractères",
        },
        ink = match job.settings.logos {
            LogoInk::Grey =>
                "noir seul, logos compris : une seule plaque (DeviceGray), sans conversion en quadrichromie.",
            LogoInk::Colour =>
                "noir seul (DeviceGray, sans conversion), sauf les logos des couvertures, en couleur (RVB).",
        },
        pages = u64::from(booklets) * each,
        programme = job.programme.name,
        batch = job.batch.id,
    ))
}

/// Hands pieces to the connection, and waits while it is full.
struct Sink {
    to: mpsc::Sender<Result<Bytes, io::Error>>,
    runtime: Handle,
    piece: Vec<u8>,
    broken: Arc<AtomicBool>,
}

impl Sink {
    fn send(&mut self) -> io::Result<()> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(io::Error::other("broken off"));
        }
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES)));
        let patience = Duration::from_secs(STALLED_SECONDS);
        let sent = self
            .runtime
            .block_on(async { self.to.send_timeout(Ok(piece), patience).await });
        sent.map_err(|_| {
            self.broken.store(true, Ordering::Relaxed);
            io::Error::from(io::ErrorKind::BrokenPipe)
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE_BYTES.saturating_sub(self.piece.len()).min(bytes.len());
        let (now, _) = bytes.split_at(room);
        self.piece.extend_from_slice(now);
        if self.piece.len() >= PIECE_BYTES {
            self.send()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        // The archive's writer flushes after each entry: pieces go when they are full.
        if self.broken.load(Ordering::Relaxed) {
            return Err(io::Error::other("broken off"));
        }
        Ok(())
    }
}
