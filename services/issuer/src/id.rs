database::id_type! {
    /// A person registered in a programme, without the identity.
    pub struct BeneficiaryId;

    /// The load of a file of beneficiaries.
    pub struct ImportId;

    /// A booklet given to a person.
    pub struct HandOverId;

    /// A request to block a booklet or a voucher.
    pub struct RevocationId;

    /// The end of a programme.
    pub struct ExpiryId;
}
