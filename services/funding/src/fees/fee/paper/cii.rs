//! The same paper as data: UN/CEFACT Cross Industry Invoice of EN 16931, Factur-X level BASIC. Amounts are the paper's own.

use std::io;

use chrono::NaiveDate;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use rust_decimal::Decimal;
use standards::{Cents, Iban};

use super::{InvoiceFacts, mentions};
use crate::fees::invoicing::{Address, Buyer, Seller};

const NAMESPACES: [(&str, &str); 4] = [
    (
        "xmlns:rsm",
        "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    ),
    (
        "xmlns:ram",
        "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    ),
    (
        "xmlns:udt",
        "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    ),
    ("xmlns:qdt", "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"),
];
const GUIDELINE: &str = "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic";
/// Registers of numbers (ISO/IEC 6523): SIREN, SIRET, and SIREN as an electronic address.
const SIREN: &str = "0002";
const SIRET: &str = "0009";
const ELECTRONIC_SIREN: &str = "0225";

/// What differs between an invoice and a credit note.
pub(super) struct Data<'a> {
    pub facts: &'a InvoiceFacts,
    pub number: &'a str,
    pub made_on: NaiveDate,
    /// Label and amount before VAT.
    pub lines: Vec<(String, Cents)>,
    pub rate: Decimal,
    pub net: Cents,
    pub vat: Cents,
    pub gross: Cents,
    pub kind: DocumentKind<'a>,
}

/// Which of the two (UNTDID 1001: 380 and 381).
pub(super) enum DocumentKind<'a> {
    /// Paid by a day to an account.
    Invoice { due: NaiveDate, iban: &'a Iban },
    /// Of an earlier invoice.
    CreditNote { invoice: &'a str, of: NaiveDate },
}

/// An element: its text, or what is in it.
struct Element {
    name: &'static str,
    attribute: Option<(&'static str, &'static str)>,
    text: String,
    inner: Vec<Element>,
}

fn text(name: &'static str, text: impl Into<String>) -> Element {
    Element {
        name,
        attribute: None,
        text: text.into(),
        inner: Vec::new(),
    }
}

fn inside(name: &'static str, inner: impl IntoIterator<Item = Element>) -> Element {
    Element {
        inner: inner.into_iter().collect(),
        ..text(name, "")
    }
}

impl Element {
    fn with(mut self, attribute: &'static str, value: &'static str) -> Self {
        self.attribute = Some((attribute, value));
        self
    }

    /// Depth is the format's.
    fn write(&self, xml: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let element = xml.create_element(self.name).with_attributes(self.attribute);
        if self.inner.is_empty() {
            element.write_text_content(BytesText::new(&self.text))?;
        } else {
            element.write_inner_content(|xml| self.inner.iter().try_for_each(|one| one.write(xml)))?;
        }
        Ok(())
    }
}

impl Data<'_> {
    pub(super) fn xml(&self) -> Vec<u8> {
        let mut xml = Writer::new(Vec::new());
        self.write(&mut xml).expect("writing into memory does not fail");
        xml.into_inner()
    }

    fn write(&self, xml: &mut Writer<Vec<u8>>) -> io::Result<()> {
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let parts = [context(), self.document(), self.transaction()];
        xml.create_element("rsm:CrossIndustryInvoice")
            .with_attributes(NAMESPACES)
            .write_inner_content(|xml| parts.iter().try_for_each(|part| part.write(xml)))?;
        Ok(())
    }

    fn document(&self) -> Element {
        let code = match self.kind {
            DocumentKind::Invoice { .. } => "380",
            DocumentKind::CreditNote { .. } => "381",
        };
        // UNTDID 4451: penalties, recovery, discount; French invoices have all three.
        let notes = [
            ("PMD", mentions::penalties(&self.facts.buyer)),
            (
                "PMT",
                "Indemnité forfaitaire de 40 € pour frais de recouvrement en cas de retard de paiement.",
            ),
            ("AAB", mentions::NO_DISCOUNT),
        ]
        .map(|(code, content)| {
            inside(
                "ram:IncludedNote",
                [text("ram:Content", content), text("ram:SubjectCode", code)],
            )
        });
        let head = [
            text("ram:ID", self.number),
            text("ram:TypeCode", code),
            inside("ram:IssueDateTime", [day(self.made_on)]),
        ];
        inside("rsm:ExchangedDocument", head.into_iter().chain(notes))
    }

    fn transaction(&self) -> Element {
        let lines = self
            .lines
            .iter()
            .zip(1..)
            .map(|((label, net), number)| self.line(number, label, *net));
        let rest = [self.agreement(), self.delivery(), self.settlement()];
        inside("rsm:SupplyChainTradeTransaction", lines.chain(rest))
    }

    fn line(&self, number: usize, label: &str, net: Cents) -> Element {
        let price = text("ram:ChargeAmount", net.to_string());
        let tax = [
            text("ram:TypeCode", "VAT"),
            text("ram:CategoryCode", self.category()),
            text("ram:RateApplicablePercent", percent(self.rate)),
        ];
        let sum = text("ram:LineTotalAmount", net.to_string());
        inside(
            "ram:IncludedSupplyChainTradeLineItem",
            [
                inside(
                    "ram:AssociatedDocumentLineDocument",
                    [text("ram:LineID", number.to_string())],
                ),
                inside("ram:SpecifiedTradeProduct", [text("ram:Name", label)]),
                inside(
                    "ram:SpecifiedLineTradeAgreement",
                    [inside("ram:NetPriceProductTradePrice", [price])],
                ),
                inside(
                    "ram:SpecifiedLineTradeDelivery",
                    // UN/ECE recommendation 20: one, of no unit.
                    [text("ram:BilledQuantity", "1").with("unitCode", "C62")],
                ),
                inside(
                    "ram:SpecifiedLineTradeSettlement",
                    [
                        inside("ram:ApplicableTradeTax", tax),
                        inside("ram:SpecifiedTradeSettlementLineMonetarySummation", [sum]),
                    ],
                ),
            ],
        )
    }

    fn agreement(&self) -> Element {
        let (fee, facts) = (&self.facts.fee, self.facts);
        let service = fee.service_code.as_ref().or(facts.buyer.service_code.as_ref());
        let mut inner: Vec<Element> = service
            .map(|code| text("ram:BuyerReference", code))
            .into_iter()
            .collect();
        inner.push(seller(&facts.seller));
        inner.push(buyer(&facts.buyer));
        inner.extend(fee.engagement.as_ref().map(|number| {
            inside(
                "ram:BuyerOrderReferencedDocument",
                [text("ram:IssuerAssignedID", number)],
            )
        }));
        inside("ram:ApplicableHeaderTradeAgreement", inner)
    }

    fn delivery(&self) -> Element {
        let when = inside("ram:OccurrenceDateTime", [day(self.facts.batch.funded_on)]);
        inside(
            "ram:ApplicableHeaderTradeDelivery",
            [inside("ram:ActualDeliverySupplyChainEvent", [when])],
        )
    }

    fn settlement(&self) -> Element {
        let mut inner = vec![
            text("ram:PaymentReference", self.number),
            text("ram:InvoiceCurrencyCode", "EUR"),
        ];
        if let DocumentKind::Invoice { iban, .. } = &self.kind {
            let account = inside(
                "ram:PayeePartyCreditorFinancialAccount",
                [text("ram:IBANID", iban.electronic())],
            );
            // UNTDID 4461: a credit transfer.
            inner.push(inside(
                "ram:SpecifiedTradeSettlementPaymentMeans",
                [text("ram:TypeCode", "30"), account],
            ));
        }
        inner.push(self.tax());
        if let DocumentKind::Invoice { due, .. } = &self.kind {
            inner.push(inside(
                "ram:SpecifiedTradePaymentTerms",
                [inside("ram:DueDateDateTime", [day(*due)])],
            ));
        }
        inner.push(self.sums());
        if let DocumentKind::CreditNote { invoice, of } = &self.kind {
            inner.push(inside(
                "ram:InvoiceReferencedDocument",
                [
                    text("ram:IssuerAssignedID", *invoice),
                    inside("ram:FormattedIssueDateTime", [formatted(*of)]),
                ],
            ));
        }
        inside("ram:ApplicableHeaderTradeSettlement", inner)
    }

    fn tax(&self) -> Element {
        let mut inner = vec![
            text("ram:CalculatedAmount", self.vat.to_string()),
            text("ram:TypeCode", "VAT"),
        ];
        if self.rate.is_zero() {
            inner.extend(mentions::tax(&self.facts.seller, self.rate).map(|why| text("ram:ExemptionReason", why)));
        }
        inner.extend([
            text("ram:BasisAmount", self.net.to_string()),
            text("ram:CategoryCode", self.category()),
        ]);
        if !self.rate.is_zero() {
            // UNTDID 2475: due when invoiced, or when paid.
            let due = if self.facts.seller.vat_on_debits { "5" } else { "72" };
            inner.push(text("ram:DueDateTypeCode", due));
        }
        inner.push(text("ram:RateApplicablePercent", percent(self.rate)));
        inside("ram:ApplicableTradeTax", inner)
    }

    fn sums(&self) -> Element {
        inside(
            "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
            [
                text("ram:LineTotalAmount", self.net.to_string()),
                text("ram:TaxBasisTotalAmount", self.net.to_string()),
                text("ram:TaxTotalAmount", self.vat.to_string()).with("currencyID", "EUR"),
                text("ram:GrandTotalAmount", self.gross.to_string()),
                text("ram:DuePayableAmount", self.gross.to_string()),
            ],
        )
    }

    /// UNTDID 5305: taxed, or exempt.
    const fn category(&self) -> &'static str {
        if self.rate.is_zero() { "E" } else { "S" }
    }
}

fn context() -> Element {
    // An invoice of services, for the French administration.
    let process = inside(
        "ram:BusinessProcessSpecifiedDocumentContextParameter",
        [text("ram:ID", "S1")],
    );
    let guideline = inside(
        "ram:GuidelineSpecifiedDocumentContextParameter",
        [text("ram:ID", GUIDELINE)],
    );
    inside("rsm:ExchangedDocumentContext", [process, guideline])
}

fn seller(seller: &Seller) -> Element {
    let registration = match &seller.vat_number {
        Some(number) => text("ram:ID", number).with("schemeID", "VA"),
        None => text("ram:ID", seller.siret.siren().as_str()).with("schemeID", "FC"),
    };
    let mut inner = party(
        &seller.name,
        seller.siret.as_str(),
        seller.siret.siren().as_str(),
        &seller.address,
    );
    inner.push(inside("ram:SpecifiedTaxRegistration", [registration]));
    inside("ram:SellerTradeParty", inner)
}

fn buyer(buyer: &Buyer) -> Element {
    let mut inner = party(
        &buyer.name,
        buyer.siret.as_str(),
        buyer.siret.siren().as_str(),
        &buyer.address,
    );
    inner.extend(buyer.vat_number.as_ref().map(|number| {
        inside(
            "ram:SpecifiedTaxRegistration",
            [text("ram:ID", number).with("schemeID", "VA")],
        )
    }));
    inside("ram:BuyerTradeParty", inner)
}

fn party(name: &str, siret: &str, company: &str, address: &Address) -> Vec<Element> {
    let mut place = vec![text("ram:PostcodeCode", &address.postcode)];
    let line_names = ["ram:LineOne", "ram:LineTwo", "ram:LineThree"];
    place.extend(
        line_names
            .into_iter()
            .zip(&address.lines)
            .map(|(name, line)| text(name, line)),
    );
    place.extend([text("ram:CityName", &address.city), text("ram:CountryID", "FR")]);
    vec![
        text("ram:GlobalID", siret).with("schemeID", SIRET),
        text("ram:Name", name),
        inside(
            "ram:SpecifiedLegalOrganization",
            [text("ram:ID", company).with("schemeID", SIREN)],
        ),
        inside("ram:PostalTradeAddress", place),
        inside(
            "ram:URIUniversalCommunication",
            [text("ram:URIID", company).with("schemeID", ELECTRONIC_SIREN)],
        ),
    ]
}

/// UNTDID 2379: 102 is a day without dashes.
fn day(day: NaiveDate) -> Element {
    text("udt:DateTimeString", day.format("%Y%m%d").to_string()).with("format", "102")
}

/// The same where the format wants its own name for it.
fn formatted(day: NaiveDate) -> Element {
    text("qdt:DateTimeString", day.format("%Y%m%d").to_string()).with("format", "102")
}

fn percent(rate: Decimal) -> String {
    (rate * Decimal::ONE_HUNDRED).normalize().to_string()
}
