-- NICs may have limits of bandwidth; without one nothing holds them back.
ALTER TABLE "nic" ADD COLUMN "inbound_bits_per_s" INTEGER;
ALTER TABLE "nic" ADD COLUMN "outbound_bits_per_s" INTEGER;
